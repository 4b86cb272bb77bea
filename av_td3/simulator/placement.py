"""On which node of a SLURM job the simulator of each environment runs."""

from pathlib import Path

from av_td3.cluster.job_nodes import Node, job_nodes
from av_td3.config.errors import ConfigError
from av_td3.config.simulator import Server, Simulator
from av_td3.simulator.node_server import NodeServer


def simulator_nodes(wanted: int) -> list[Node]:
    """The nodes for simulators, the run's own first; none outside a job, and for a job that is to use its first node only.

    Args:
        wanted: ``hardware.slurm.nodes``.

    Raises:
        ConfigError: the job has fewer nodes.

    """
    if wanted == 1:
        return []
    try:
        nodes = job_nodes()
    except OSError as error:
        raise ConfigError(f"hardware.slurm.nodes={wanted}: the nodes of this job are not known ({error})") from error
    if nodes and len(nodes) < wanted:
        raise ConfigError(
            f"hardware.slurm.nodes={wanted}: this job has {len(nodes)} (SLURM_JOB_NODELIST); ask SLURM for more, or set it to "
            f"{len(nodes)}"
        )
    return nodes[:wanted]


def place(simulator: Simulator, nodes: list[Node], env_index: int) -> tuple[Simulator, Node | None]:
    """The simulator of one environment, and its node; None for this one. Environments take turns on the nodes.

    Args:
        simulator: as configured.
        nodes: of the job, this one first; empty outside a job.
        env_index: index among the environments of the run.

    """
    if not nodes:
        return simulator.of_environment(env_index), None
    turn, place = divmod(env_index, len(nodes))  # ports and GPUs are counted on each node from the start
    return simulator.of_environment(turn), nodes[place] if place else None


def make_server(simulator: Simulator, node: Node | None, log: Path) -> Server:
    """The server of a simulator on its node, not yet started."""
    return simulator.server(log) if node is None else NodeServer(simulator, node, log)
