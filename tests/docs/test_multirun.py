"""Commands with several runs."""

import csv
import importlib.util
import json

import pytest

from tests.docs.kinds import of_kind
from tests.docs.launched import assert_configured, assert_done


def sweep_in(outputs):
    """The folder of the only multirun."""
    (found,) = (path.parent for path in outputs.rglob("code.json"))
    return found


@pytest.mark.parametrize(**of_kind("multirun"))
def test_a_multirun_ends_with_a_table_of_its_jobs(script, type_in, checkout):
    done = type_in(script)
    sweep = sweep_in(checkout / "outputs")
    rows = list(csv.DictReader((sweep / "sweep.csv").open()))
    assert [row["state"] for row in rows] == ["done", "done"]
    assert (sweep / "sweep.html").is_file()
    assert "2 runs: 2 done" in done.stdout
    for job in ("0", "1"):
        assert_done(sweep / job)
        words = [word for word in script.words[2:] if "," not in word and not word.startswith(("-", "+"))]
        assert_configured(sweep / job, words)
    overrides = [(sweep / job / ".hydra" / "overrides.yaml").read_text() for job in ("0", "1")]
    assert overrides[0] != overrides[1]


@pytest.mark.parametrize(**of_kind("optuna"))
@pytest.mark.skipif(importlib.util.find_spec("optuna") is None, reason="needs av-td3[optuna], which make install brings")
def test_optuna_chooses_what_its_jobs_run_with(script, type_in, checkout):
    done = type_in(script)
    sweep = sweep_in(checkout / "outputs")
    assert "Best value" in done.stdout + done.stderr or (sweep / "optimization_results.yaml").is_file()
    rates = []
    for job in ("0", "1"):
        assert json.loads((sweep / job / "status.json").read_text())["state"] == "done"
        rates.append((sweep / job / ".hydra" / "overrides.yaml").read_text())
    assert rates[0] != rates[1]
