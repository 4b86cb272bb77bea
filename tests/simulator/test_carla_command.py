"""Command lines to the letter."""

import pytest

from av_td3.config.errors import ConfigError
from av_td3.simulator.carla_command import apptainer_command, binary_command, carla_arguments, docker_command

ARGUMENTS = [
    "-RenderOffScreen",
    "-nosound",
    "-quality-level=Low",
    "-carla-rpc-port=2000",
    "-carla-streaming-port=2001",
    "-carla-secondary-port=2002",
]


def test_the_arguments_of_carla():
    assert carla_arguments(2000, "Low", None, []) == ARGUMENTS
    assert carla_arguments(2000, "Low", 1, ["-fps=20"]) == [*ARGUMENTS, "-graphicsadapter=1", "-fps=20"]
    assert carla_arguments(3004, "Epic", None, [])[2:4] == ["-quality-level=Epic", "-carla-rpc-port=3004"]


def test_a_binary():
    assert binary_command("/opt/carla/CarlaUE4.sh", ["-nosound"]) == ["bash", "/opt/carla/CarlaUE4.sh", "-nosound"]


def test_apptainer():
    command = apptainer_command(
        "apptainer", "/images/carla.sif", "/workspace/CarlaUE4.sh", ["/scratch:/data"], True, {"A": "1"}, ["-nosound"]
    )
    assert " ".join(command) == (
        "apptainer exec --nv --bind /scratch:/data --env A=1 /images/carla.sif bash /workspace/CarlaUE4.sh -nosound"
    )
    bare = apptainer_command("singularity", "carla.sif", "CarlaUE4.sh", [], False, {}, [])
    assert " ".join(bare) == "singularity exec carla.sif bash CarlaUE4.sh"


def test_docker():
    command = docker_command(
        "docker", "carlasim/carla:0.9.16", "CarlaUE4.sh", "device=1", ["--user=carla"], "av_td3-7", {"A": "1"}, ["-nosound"]
    )
    assert " ".join(command) == (
        "docker run --rm --name av_td3-7 --network host --gpus device=1 --env A=1 --user=carla carlasim/carla:0.9.16 "
        "bash CarlaUE4.sh -nosound"
    )
    bare = docker_command("podman", "carla", "CarlaUE4.sh", None, [], "n", {}, [])
    assert " ".join(bare) == "podman run --rm --name n --network host carla bash CarlaUE4.sh"


def launched(compose_config, *overrides, env_index=0):
    """The command line that a configuration leads to."""
    simulator = compose_config("simulator.graphics_adapter=[3,5]", *overrides).simulator.of_environment(env_index)
    launch = simulator.launch(2000, simulator.gpu().adapter, "av_td3-7")
    return " ".join(launch.command), " ".join(launch.remove)


def test_every_key_of_a_binary_reaches_its_command(compose_config):
    keys = (
        "simulator=carla_binary",
        "simulator.path=/c/CarlaUE4.sh",
        "simulator.quality=Epic",
        'simulator.arguments=["-fps=20"]',
    )
    command, remove = launched(compose_config, *keys, env_index=1)
    assert command == (
        "bash /c/CarlaUE4.sh -RenderOffScreen -nosound -quality-level=Epic -carla-rpc-port=2000 -carla-streaming-port=2001 "
        "-carla-secondary-port=2002 -graphicsadapter=5 -fps=20"
    )
    assert remove == ""


def test_the_binary_is_that_of_carla_root(compose_config, monkeypatch):
    monkeypatch.setenv("CARLA_ROOT", "/home/me/CARLA_0.9.16")
    assert launched(compose_config, "simulator=carla_binary")[0].startswith("bash /home/me/CARLA_0.9.16/CarlaUE4.sh ")


def test_every_key_of_apptainer_reaches_its_command(compose_config):
    keys = ("program=singularity", "image=/i.sif", "script=/s.sh", "binds=[/a:/b,/c]", "nvidia=false")
    overrides = ("simulator=carla_apptainer", *(f"simulator.{key}" for key in keys), "+simulator.environment.A=1")
    command, remove = launched(compose_config, *overrides)
    assert command.startswith("singularity exec --bind /a:/b --bind /c --env A=1 /i.sif bash /s.sh -RenderOffScreen ")
    assert remove == ""


def test_every_key_of_docker_reaches_its_command(compose_config):
    keys = ("program=podman", "image=i:1", "script=/s.sh", "gpus=null", 'options=["--user=carla"]')
    command, remove = launched(compose_config, "simulator=carla_docker", *(f"simulator.{key}" for key in keys))
    assert command.startswith("podman run --rm --name av_td3-7 --network host --user=carla i:1 bash /s.sh -RenderOffScreen ")
    assert remove == "podman rm --force av_td3-7"


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (("simulator=carla_binary", "simulator.path=/nowhere/CarlaUE4.sh"), "simulator.path=/nowhere/CarlaUE4.sh: there is no"),
        (("simulator=carla_apptainer", "simulator.program=nosuchprogram"), "simulator.program=nosuchprogram: there is no such"),
        (
            ("simulator=carla_apptainer", "simulator.program=cat", "simulator.image=/no.sif"),
            "simulator.image=/no.sif: there is",
        ),
        (("simulator=carla_docker", "simulator.program=nosuchprogram"), "simulator.program=nosuchprogram: there is no such"),
        (
            ("simulator=carla_docker", "simulator.program=cat", "simulator.max_memory_gb=8"),
            "simulator.max_memory_gb=8: the mem",
        ),
    ],
)
def test_what_is_missing_is_said_before_anything_starts(compose_config, overrides, words):
    config = compose_config(*overrides)
    with pytest.raises(ConfigError) as refused:
        config.simulator.check(config.scenario)
    assert str(refused.value).startswith(words)
    assert "\n" not in str(refused.value)
