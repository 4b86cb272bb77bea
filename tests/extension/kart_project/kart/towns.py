"""Towns for the built-in simulator."""

from av_td3.simulator.builtin.town import Plan

TRACK = Plan(columns=3, rows=2, width=120.0, depth=90.0, missing=frozenset({((1, 0), (1, 1))}))
