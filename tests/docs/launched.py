"""Checks of the folder of a run that was launched."""

import json

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from tests.docs.briefly import BRIEF


def run_in(folder):
    """The folder of the only run."""
    (found,) = (path.parent for path in folder.rglob("status.json"))
    return found


def assert_done(run):
    status = json.loads((run / "status.json").read_text())
    assert (status["state"], status["error"]) == ("done", None)
    assert "<html" in (run / "report.html").read_text()[:500]
    assert list((run / "tensorboard").glob("events.*"))


def assert_configured(run, words):
    """The run has the configuration of the command, except for the overrides that shorten it."""
    config = OmegaConf.load(run / "config.yaml")
    choices = OmegaConf.load(run / ".hydra" / "hydra.yaml").hydra.runtime.choices
    for word in words:
        override = OverridesParser.create().parse_override(word)
        name = override.key_or_group
        if name in choices:
            assert choices[name] == override.value(), word
        elif name == "init_from":
            checkout = next(folder for folder in run.parents if (folder / "launch.py").exists())
            assert config.init_from == str(checkout / override.value()), word  # as an absolute path
        elif name not in BRIEF and not name.startswith("hydra."):
            assert OmegaConf.select(config, name) == override.value(), word
