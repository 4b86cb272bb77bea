"""Where the logs of the runs that exploded lie, where they are at hand."""

from pathlib import Path

SEED_LOGS = Path(__file__).resolve().parents[3] / "shared" / "seed-logs"


def seed_log(name):
    return SEED_LOGS / name
