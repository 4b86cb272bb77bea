"""Classes from outside this package that a config names. The config of a folder may come from someone else."""

from collections.abc import Collection, Iterator
from typing import Any

from av_td3.config.schema import CLASS, TARGET

OURS = "av_td3"


def foreign_classes(content: Any, packages: Collection[str] = ()) -> list[str]:
    """The values of ``_target_`` that name a class of neither this package nor the given ones.

    Args:
        content: a config, as plain values.
        packages: names of top-level packages.

    """
    allowed = {OURS, *packages}
    return sorted({name for name in _targets(content) if not CLASS.fullmatch(name) or name.partition(".")[0] not in allowed})


def _targets(content: Any) -> Iterator[str]:
    if isinstance(content, dict):
        if TARGET in content:
            yield str(content[TARGET])
        content = list(content.values())
    for part in content if isinstance(content, list) else ():
        yield from _targets(part)
