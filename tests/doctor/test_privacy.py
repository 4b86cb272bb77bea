import pytest

from av_td3.doctor.privacy import shareable, shareable_overrides

ALICE = {"HOME": "/home/alice", "USER": "alice", "LOGNAME": "alice", "WANDB_API_KEY": "a1b2c3d4e5", "SHELL": "/bin/bash"}


@pytest.mark.parametrize(
    ("text", "shared"),
    [
        ("/home/alice/runs is full", "~/runs is full"),
        ("in /home/alice: no", "in ~: no"),
        ("/scratch/alice/x and alice@login1", "/scratch/<user>/x and <user>@login1"),
        ("project alice-carla", "project <user>-carla"),
        ("/home/alice2 and malice", "/home/alice2 and malice"),
        ("the key a1b2c3d4e5 is refused", "the key <hidden> is refused"),
        ("https://bob:pw@git.example.org/x", "https://<hidden>@git.example.org/x"),
        ("GPU 0 is free", "GPU 0 is free"),
    ],
)
def test_names_paths_and_secrets_are_left_out(text, shared):
    assert shareable(text, ALICE) == shared


@pytest.mark.parametrize(("user", "text"), [("root", "the root of the tree"), ("carla", "simulator=carla")])
def test_the_user_of_an_image_tells_nothing(user, text):
    assert shareable(text, {"HOME": "/", "USER": user}) == text


@pytest.mark.parametrize(
    ("override", "shared"),
    [
        ("simulator=carla", "simulator=carla"),
        ("simulator.environment={TOKEN:abc}", "simulator.environment=<hidden>"),
        ("+simulator.environment.DISPLAY=:1", "+simulator.environment.DISPLAY=<hidden>"),
        ("hardware.slurm.setup=[export A=1]", "hardware.slurm.setup=<hidden>"),
        ("hardware.slurm.account=project7", "hardware.slurm.account=<hidden>"),
        ("hardware.slurm={setup:[export A=1]}", "hardware.slurm=<hidden>"),
        ("~callbacks.wandb", "~callbacks.wandb"),
    ],
)
def test_overrides_that_may_hold_secrets_lose_their_value(override, shared):
    assert shareable_overrides([override]) == [shared]
