"""Python, and the packages that are installed."""

import importlib
import platform
import sys
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement

from av_td3.doctor.check import Check, ok, problem, warning
from av_td3.runs.provenance import provenance

PACKAGE, EXTRA = "av-td3", "train"
INSTALL = f"pip install '{PACKAGE}[{EXTRA}]'"
SUPPORTED = "Python 3.10 to 3.12 on Linux x86-64, the platform of CARLA's client"


def check_python() -> Iterator[Check]:
    """The machine, the code, the interpreter and its platform."""
    facts = provenance()
    yield ok("machine", ", ".join(facts[name] for name in ("system", "processor") if name in facts))
    if "commit" in facts:
        yield ok("code", f"commit {facts['commit']}")
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if (3, 10) <= sys.version_info[:2] <= (3, 12) and sys.platform == "linux" and platform.machine() == "x86_64":
        yield ok("Python", found)
    else:
        yield problem("Python", found, f"use {SUPPORTED}")


def check_packages(package: str = PACKAGE) -> Iterator[Check]:
    """The versions of what a package requires, to train.

    Args:
        package: name of an installed distribution.

    """
    try:
        listed = [Requirement(text) for text in metadata.requires(package) or []]
    except metadata.PackageNotFoundError:
        yield warning("packages", f"{package} is not installed, so its requirements are unknown", INSTALL)
        return
    required = [one for one in listed if one.marker is None or one.marker.evaluate({"extra": EXTRA})]
    versions = {one.name: _version(one.name) for one in required}
    missing = [one.name for one in required if versions[one.name] is None]
    unfit = [
        one for one in required if (version := versions[one.name]) and not one.specifier.contains(version, prereleases=True)
    ]
    if missing:
        yield problem("packages", f"not installed: {', '.join(missing)}", INSTALL)
    if unfit:
        listed_unfit = ", ".join(f"{one.name} {versions[one.name]} (must be {one.specifier})" for one in unfit)
        yield problem("packages", f"of another version: {listed_unfit}", INSTALL)
    if not missing and not unfit:
        yield ok("packages", ", ".join(f"{name} {version}" for name, version in sorted(versions.items())))


def check_imports(modules: tuple[str, ...]) -> Iterator[Check]:
    """Whether modules can be imported. To be called in a process of its own, which some of them crash.

    Args:
        modules: names of modules.

    """
    for module in modules:
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:
            yield problem("imports", f"{module}: {error}", INSTALL)
        except (Exception, SystemExit) as error:
            yield problem("imports", f"{module}: {type(error).__name__}: {error}", "install it again, for this machine")


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
