"""The SLURM jobs of a sweep, for those who watch it after its submission."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from av_td3.cluster import slurm_queue
from av_td3.runs.lock import is_in_use
from av_td3.runs.sweep_folder import SlurmJobs, read_code, read_slurm_jobs, write_slurm_jobs


class QueueState(NamedTuple):
    """What SLURM says of the jobs of a sweep."""

    ended: dict[str, str]  # of the jobs that are not in the queue, what is known of their end, by folder
    notes: list[str]  # why SLURM could not be asked


def record_submission(sweep: Path, first: int, ids: Sequence[str]) -> None:
    """Record the ids of submitted jobs, in addition to those of earlier submissions of the sweep.

    Args:
        sweep: its folder, which holds ``code.json``.
        first: number of the first job.
        ids: of this and the following jobs.

    """
    folders = (read_code(sweep) or {}).get("folders", [])
    jobs = dict(earlier.jobs) if (earlier := read_slurm_jobs(sweep)) is not None else {}
    for number, job in enumerate(ids, first):
        name = folders[number] if number < len(folders) else str(number)
        jobs[name] = [*jobs.get(name, []), job]
    write_slurm_jobs(sweep, SlurmJobs(cluster=slurm_queue.cluster_name(), jobs=jobs, cancelled={}))


def queue_state(sweep: Path) -> QueueState:
    """Ask SLURM for the jobs of a sweep. To be asked before their ``status.json`` is read: what has ended no longer writes."""
    submitted = read_slurm_jobs(sweep)
    if submitted is None:
        return QueueState({}, [])
    queued = jobs_in_queue(submitted)
    if queued is None:
        place = f"cluster {submitted.cluster}" if submitted.cluster else "SLURM"
        note = f"{place} cannot be asked from here: a job that was killed or cancelled is shown as its status.json has it"
        return QueueState({}, [note])
    ended = {name: ids[-1] for name, ids in submitted.jobs.items() if not queued & {*ids} and not is_in_use(sweep / name)}
    states = slurm_queue.final_states(ended.values()) if ended else {}
    return QueueState({name: _end_of(job, states.get(job), submitted.cancelled.get(name)) for name, job in ended.items()}, [])


def jobs_in_queue(submitted: SlurmJobs) -> set[str] | None:
    """The ids of a sweep that are in SLURM's queue; None if its cluster cannot be asked from this machine."""
    if slurm_queue.cluster_name() != submitted.cluster or submitted.cluster is None:
        return None
    return slurm_queue.queued(job for ids in submitted.jobs.values() for job in ids)


def _end_of(job: str, state: str | None, cancelled: str | None) -> str:
    if cancelled is not None:
        return f"its SLURM job {job} was cancelled: {cancelled}"
    return f"its SLURM job {job} is no longer in the queue" + (f" ({state})" if state else "")
