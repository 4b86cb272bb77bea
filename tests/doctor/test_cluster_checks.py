import pytest

from av_td3.config.composition import composed
from av_td3.doctor.check import State
from av_td3.doctor.cluster_checks import check_containers, check_slurm

ON_SLURM = "hydra/launcher=slurm"


def slurm(*overrides):
    return {check.name: check for check in check_slurm(composed(["name=test", *overrides], hydra=True))}


@pytest.fixture
def login_node(install):
    """A machine with the commands of SLURM."""
    for program in ("sbatch", "squeue", "scontrol"):
        install(program, "")
    install("sinfo", "gpu\ngpu\ncpu")  # as `sinfo --noheader --format=%R` prints them: a line per partition and state


def test_a_login_node_is_ok(login_node):
    found = slurm(ON_SLURM, "hardware.slurm.partition=gpu")
    assert (found["SLURM"].state, found["SLURM"].text) == (State.OK, "partitions cpu, gpu")
    assert found["launcher"].state is State.OK


def test_a_partition_that_does_not_exist_is_a_problem(login_node):
    found = slurm(ON_SLURM, "hardware.slurm.partition=a100")["SLURM"]
    assert found.state is State.PROBLEM
    assert "hardware.slurm.partition=a100" in found.text
    assert "cpu, gpu" in found.remedy


def test_a_controller_that_does_not_answer_is_a_problem_only_for_a_run_on_slurm(login_node, install):
    install("sinfo", "slurm_load_partitions: Unable to contact slurm controller (connect failure)", code=1)
    assert slurm(ON_SLURM)["SLURM"].state is State.PROBLEM
    assert slurm()["SLURM"].state is State.WARNING


def test_a_machine_without_slurm_is_a_problem_only_for_a_run_on_slurm(no_programs):
    assert slurm()["SLURM"].state is State.OK
    found = slurm(ON_SLURM)["SLURM"]
    assert found.state is State.PROBLEM
    assert "sbatch, squeue, scontrol" in found.text


def test_the_launcher_must_be_installed(login_node, monkeypatch):
    monkeypatch.setattr("av_td3.doctor.cluster_checks.SUBMITIT", "hydra_plugins.no_such_launcher")
    assert slurm()["launcher"].state is State.PROBLEM


def containers(simulator):
    return {check.name: check for check in check_containers({"simulator": simulator})}


def test_containers_are_needed_only_by_simulators_in_one(no_programs):
    assert {check.state for check in containers("builtin").values()} == {State.OK}
    found = containers("carla_apptainer")
    assert (found["apptainer"].state, found["docker"].state) == (State.PROBLEM, State.OK)
    assert containers("carla_docker")["docker"].state is State.PROBLEM


@pytest.mark.parametrize(
    ("name", "program", "version"),
    [
        ("apptainer", "apptainer", "apptainer version 1.3.4"),
        ("apptainer", "singularity", "singularity-ce version 4.1.1"),
        ("docker", "docker", "27.3.1"),
        ("docker", "podman", "podman version 4.9.3"),
    ],
)
def test_programs_that_run_images_are_named_with_their_version(no_programs, install, name, program, version):
    install(program, version)
    found = containers(f"carla_{name}")[name]
    assert (found.state, found.text) == (State.OK, version)


def test_a_docker_whose_daemon_does_not_answer_is_a_problem_where_it_is_needed(install):
    install(
        "docker", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", code=1
    )
    found = containers("carla_docker")["docker"]
    assert found.state is State.PROBLEM
    assert "does not answer" in found.text
