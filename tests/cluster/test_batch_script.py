from pathlib import Path

from av_td3.cluster.batch_script import batch_script

HEAD = """#!/bin/bash
# Written by: av-td3 sbatch seed=1
# Preempted, or near its time limit, the run saves a checkpoint, requeues its job and resumes. After a failure, or cancelled,
# it resumes if this script is submitted again.
"""
TAIL = """
# Both signals are ignored until Python listens. Some sites preempt by TERM alone: a run that ended because of it would count as
# failed, and one that works until it is killed is requeued. The learner is on the first node; on others the run starts steps.
"""


def script(compose_config, *overrides, folder=Path("/home/me/outputs/run"), cwd=Path("/home/me")):
    command = ["/env/bin/python", "-m", "av_td3", "train", "seed=1", f"hydra.run.dir={folder}"]
    slurm = compose_config(*overrides).hardware.slurm
    return batch_script(command, slurm, name="test", folder=folder, cwd=cwd, comment="Written by: av-td3 sbatch seed=1")


def test_the_script_to_the_letter(compose_config):
    assert script(compose_config, "hardware=gpu_site") == (
        HEAD
        + """#SBATCH --job-name=test
#SBATCH --chdir=/home/me
#SBATCH --output=/home/me/outputs/run/launch.log
#SBATCH --open-mode=append
#SBATCH --partition=gpu
#SBATCH --account=my_project
#SBATCH --time=720
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --gpus-per-node=1
#SBATCH --mem=32G
#SBATCH --signal=USR2@300
#SBATCH --requeue

module load apptainer
export APPTAINER_CACHEDIR=/tmp/apptainer-$USER
"""
        + TAIL
        + """exec srun --unbuffered --nodes=1 --ntasks=1 --cpus-per-task=8 bash -c 'trap "" USR2 TERM; exec "$@"' bash """
        "/env/bin/python -m av_td3 train seed=1 hydra.run.dir=/home/me/outputs/run\n"
    )


def test_what_is_not_set_is_left_to_the_site_and_names_with_spaces_are_quoted(compose_config):
    text = script(compose_config, "hardware.slurm.mem_gb=null", folder=Path("/my runs/a"), cwd=Path("/my runs"))
    assert text == (
        HEAD
        + """#SBATCH --job-name=test
#SBATCH --chdir='/my runs'
#SBATCH --output='/my runs/a/launch.log'
#SBATCH --open-mode=append
#SBATCH --time=240
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --signal=USR2@180
#SBATCH --requeue
"""
        + TAIL
        + """exec srun --unbuffered --nodes=1 --ntasks=1 --cpus-per-task=8 bash -c 'trap "" USR2 TERM; exec "$@"' bash """
        "/env/bin/python -m av_td3 train seed=1 'hydra.run.dir=/my runs/a'\n"
    )
