"""Invalid input: one line that names the key, and exit code 2, before anything is started."""

import socket

import pytest


def one_line(done):
    assert done.returncode == 2, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    assert "Traceback" not in done.stdout
    return lines[0]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("algorithm.actorlr=1e-4", ["algorithm.actorlr: no such key", "did you mean algorithm.actor_lr?"]),
        ("algorithm.gradient_clipping.actor_max_norm=-1", ["algorithm.gradient_clipping.actor_max_norm=-1", "more than 0"]),
        ("algorithm.batch_size=0", ["algorithm.batch_size=0", "at least 1"]),
        ("algorithm.batch_size=many", ["algorithm.batch_size=many", "integer"]),
        ("scenario=nowhere", ["scenario/nowhere", "suburb_traffic"]),
        ("hardware.device=tpu", ["hardware.device=tpu"]),
        ("reward.terms.progress._target_=no.such.Term", ["reward.terms.progress._target_=no.such.Term"]),
        ("algorithm.actor_lr", ["algorithm.actor_lr"]),
        ("alerts.stop_on=[saturation]", ["alerts.stop_on=['saturation']", "action_saturation"]),
        ("logging.wandb_project=mine", ["logging.wandb_project=mine", "pip install 'av-td3[wandb]'"]),
    ],
)
def test_wrong_values(launch, override, words):
    line = one_line(launch(override))
    assert all(word in line for word in words), line


def test_no_carla_server(launch):
    line = one_line(launch("simulator=carla", "simulator.host=127.0.0.1", "simulator.port=1"))
    assert all(word in line for word in ("127.0.0.1", "simulator.port=1", "CarlaUE4.sh"))


def test_a_port_in_use(launch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = one_line(launch(f"simulator.port={port}"))
    assert f"simulator.port={port}" in line
    assert "in use" in line


def test_a_folder_that_cannot_be_written(launch, tmp_path):
    (tmp_path / "file").write_text("")
    line = one_line(launch(f"hydra.run.dir={tmp_path / 'file' / 'run'}"))
    assert str(tmp_path / "file") in line


def test_help_and_the_composed_config_run_nothing(launch, tmp_path):
    done = launch("--help")
    assert done.returncode == 0
    assert "algorithm: " in done.stdout
    assert "python launch.py clipping=off" in done.stdout
    done = launch("clipping=off", "--cfg", "job")
    assert done.returncode == 0
    assert "actor_max_norm: 1.0" in done.stdout
    assert "enabled: false" in done.stdout
    assert not (tmp_path / "run").exists()
