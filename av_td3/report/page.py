"""Renders pages from templates. Each page is a single file."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.report.figures import FIGURES
from av_td3.report.plots import Plot
from av_td3.report.run_figure import RunFigure, draw_figure

TEMPLATES = Environment(
    loader=PackageLoader("av_td3.report"),
    autoescape=lambda name: name is None or not name.endswith(".md.j2"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **content: Any) -> str:
    """Render a template of ``templates/``."""
    return TEMPLATES.get_template(template).render(**content)


def to_bytes(page: str) -> bytes:
    """Encode a page as UTF-8. Undecodable bytes of folder names are escaped."""
    return page.encode(errors="backslashreplace")


def plots_of(run: RecordedRun, figures: tuple[RunFigure, ...] = FIGURES) -> tuple[list[Plot], list[str]]:
    """The figures that can be drawn of a run, and the titles of those for which it should have logged something."""
    plots, missing = [], []
    for figure in figures:
        try:
            plots.append(draw_figure(figure, run))
        except NotLogged:
            missing += [figure.title] if figure.expected(run) else []
    return plots, missing
