"""The folder of the logs of the runs that exploded, if it exists."""

from pathlib import Path

SEED_LOGS = Path(__file__).resolve().parents[3] / "shared" / "seed-logs"


def seed_log(name):
    return SEED_LOGS / name
