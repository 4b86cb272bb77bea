"""Pages from templates: one file each, with everything in it."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.report.pictures import PICTURES, Picture, drawn
from av_td3.report.plots import Plot

TEMPLATES = Environment(
    loader=PackageLoader("av_td3.report"),
    autoescape=lambda name: name is None or not name.endswith(".md.j2"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **content: Any) -> str:
    """Fill a template of ``templates/``."""
    return TEMPLATES.get_template(template).render(**content)


def to_bytes(page: str) -> bytes:
    """As a file holds it. Names of folders may hold bytes that are no UTF-8; those are spelled out."""
    return page.encode(errors="backslashreplace")


def plots_of(run: RecordedRun, pictures: tuple[Picture, ...] = PICTURES) -> tuple[list[Plot], list[str]]:
    """The pictures that the run has something for, and the titles of the others."""
    plots, missing = [], []
    for picture in pictures:
        try:
            plots.append(drawn(picture, run))
        except NotLogged:
            missing.append(picture.title)
    return plots, missing
