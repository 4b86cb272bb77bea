"""Command lines of CARLA 0.9.16 servers, as pure functions.

The arguments are those of CARLA's documentation (Quickstart extras, Rendering options) and of ``CarlaSettings.cpp``; by default
the streaming port is the RPC port + 1 and the port for secondary servers the RPC port + 2.
"""

from collections.abc import Mapping, Sequence


def carla_arguments(port: int, quality: str, adapter: int | None, more: Sequence[str]) -> list[str]:
    """Arguments of CarlaUE4.sh for a server without window and sound.

    Args:
        port: RPC port.
        quality: quality level, Low or Epic.
        adapter: index of the GPU that renders, in Vulkan's order; None lets the driver choose.
        more: further arguments.

    """
    arguments = [
        "-RenderOffScreen",
        "-nosound",
        f"-quality-level={quality}",
        f"-carla-rpc-port={port}",
        f"-carla-streaming-port={port + 1}",
        f"-carla-secondary-port={port + 2}",
    ]
    if adapter is not None:
        arguments.append(f"-graphicsadapter={adapter}")
    return [*arguments, *more]


def binary_command(path: str, arguments: Sequence[str]) -> list[str]:
    """Run an installed CARLA. ``path``: of CarlaUE4.sh."""
    return ["bash", path, *arguments]  # through bash, because a copy on a cluster often lacks the permission to execute


def apptainer_command(
    program: str,
    image: str,
    script: str,
    binds: Sequence[str],
    nvidia: bool,
    environment: Mapping[str, str],
    arguments: Sequence[str],
) -> list[str]:
    """Run CARLA in an Apptainer or Singularity image.

    Args:
        program: ``apptainer`` or ``singularity``.
        image: path of the .sif file or sandbox folder, or a URI.
        script: path of CarlaUE4.sh in the image.
        binds: folders that the image sees, each ``source[:destination[:options]]``.
        nvidia: whether to bind the GPU driver (``--nv``).
        environment: variables inside the image.
        arguments: of CarlaUE4.sh.

    """
    command = [program, "exec"]
    if nvidia:
        command.append("--nv")
    for bind in binds:
        command += ["--bind", bind]
    for name, value in environment.items():
        command += ["--env", f"{name}={value}"]
    return [*command, image, "bash", script, *arguments]


def docker_command(
    program: str,
    image: str,
    script: str,
    gpus: str | None,
    options: Sequence[str],
    name: str,
    environment: Mapping[str, str],
    arguments: Sequence[str],
) -> list[str]:
    """Run CARLA in a Docker container that shares the network of the machine and is removed when it ends.

    Args:
        program: ``docker`` or ``podman``.
        image: name of the image.
        script: path of CarlaUE4.sh in the image.
        gpus: value of ``--gpus``; None passes none.
        options: further options of ``docker run``.
        name: of the container.
        environment: variables inside the container.
        arguments: of CarlaUE4.sh.

    """
    command = [program, "run", "--rm", "--name", name, "--network", "host"]
    if gpus is not None:
        command += ["--gpus", gpus]
    for variable, value in environment.items():
        command += ["--env", f"{variable}={value}"]
    return [*command, *options, image, "bash", script, *arguments]
