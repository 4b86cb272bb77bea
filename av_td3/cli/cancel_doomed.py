"""``av-td3 sweep DIR --cancel-doomed``: ends the SLURM jobs of runs that are lost."""

from pathlib import Path
from typing import Any

from av_td3.cli.failures import TOOL_FAILED
from av_td3.cluster.slurm_queue import cancel
from av_td3.cluster.submission import jobs_in_queue
from av_td3.config.errors import ConfigError
from av_td3.diagnostics.lost_runs import why_lost
from av_td3.report.layout import print_line
from av_td3.report.terminal import console
from av_td3.runs.status import UNFINISHED, read_status
from av_td3.runs.sweep_folder import SLURM_FILE, SlurmJobs, read_slurm_jobs, write_slurm_jobs


def cancel_doomed(sweep: Path) -> int:
    """Cancel the jobs whose alerts say that they are lost, and print a line for each job. Finished jobs are left as they are.

    Returns:
        The exit code: 0, or 3 if a job could not be cancelled.

    Raises:
        ConfigError: the jobs are not known, or their cluster cannot be asked.

    """
    submitted = read_slurm_jobs(sweep)
    if submitted is None:
        raise ConfigError(f"{sweep}: has no {SLURM_FILE}; only jobs that hydra/launcher=slurm submitted can be cancelled")
    queued = jobs_in_queue(submitted)
    if queued is None:
        raise ConfigError(f"{sweep}: its cluster ({submitted.cluster or 'unknown'}) cannot be asked from here")
    out, code = console(), 0
    for name, ids in submitted.jobs.items():
        status = read_status(sweep / name, [])
        reason, there = _reason(status), [job for job in ids if job in queued]
        if reason is None or not there:
            print_line(out, f"{name}: kept, {_why_kept(status, reason)}")
            continue
        refusals = [refusal for job in there if (refusal := cancel(job)) is not None]
        if refusals:
            print_line(out, f"{name}: not cancelled: {refusals[0]}")
            code = TOOL_FAILED
            continue
        submitted = _noted(sweep, submitted, name, reason)
        print_line(out, f"{name}: cancelled {', '.join(there)}: {reason}")
    return code


def _reason(status: dict[str, Any]) -> str | None:
    """Why a run is lost; None for one that is not, or has ended."""
    return why_lost(status.get("alerts") or {}) if status.get("state") in UNFINISHED else None


def _why_kept(status: dict[str, Any], reason: str | None) -> str:
    if reason is not None:
        return f"its job is no longer in the queue ({reason})"
    state = status.get("state", "no status")
    return f"{state}, no alert says that it is lost" if state in UNFINISHED else state


def _noted(sweep: Path, submitted: SlurmJobs, name: str, reason: str) -> SlurmJobs:
    """Record why a job was cancelled, for the summary of the sweep."""
    noted = submitted.model_copy(update={"cancelled": submitted.cancelled | {name: reason}})
    write_slurm_jobs(sweep, noted)
    return noted
