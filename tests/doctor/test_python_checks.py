import platform
import sys

import pytest

from av_td3.doctor.check import State
from av_td3.doctor.python_checks import check_imports, check_packages, check_python


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a distribution that has these requirements."""

    def install(*requirements):
        folder = tmp_path / "needy-1.0.dist-info"
        folder.mkdir()
        lines = ["Metadata-Version: 2.1", "Name: needy", "Version: 1.0", *(f"Requires-Dist: {text}" for text in requirements)]
        (folder / "METADATA").write_text("\n".join(lines))
        monkeypatch.syspath_prepend(tmp_path)
        return "needy"

    return install


def test_this_python_is_supported():
    *_, found = check_python()
    assert found.state is State.OK
    assert platform.python_version() in found.text


@pytest.mark.parametrize("version", [(3, 9, 1), (3, 13, 0)])
def test_a_python_without_a_client_is_a_problem(monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", version)
    *_, found = check_python()
    assert found.state is State.PROBLEM
    assert "3.10 to 3.12" in found.remedy


def test_another_processor_is_a_problem(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    *_, found = check_python()
    assert found.state is State.PROBLEM


def test_installed_packages_are_listed_with_their_versions(package):
    (found,) = check_packages(package("numpy>=1", 'torch>=2; extra == "train"', 'no-such-package; extra == "docs"'))
    assert found.state is State.OK
    assert "numpy " in found.text
    assert "torch " in found.text


def test_a_missing_package_is_a_problem(package):
    (found,) = check_packages(package("numpy", 'no-such-package; extra == "train"'))
    assert found.state is State.PROBLEM
    assert found.text.endswith("no-such-package")
    assert "pip install" in found.remedy


def test_another_version_is_a_problem(package):
    (found,) = check_packages(package("numpy<1"))
    assert found.state is State.PROBLEM
    assert "must be <1" in found.text


def test_without_metadata_the_requirements_are_unknown():
    (found,) = check_packages("no-such-package")
    assert found.state is State.WARNING


def test_modules_that_can_be_imported_are_not_mentioned(tmp_path, monkeypatch):
    (tmp_path / "half_built.py").write_text("raise OSError('libcudart.so.12: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    missing, broken = check_imports(("numpy", "no_such_module", "half_built"))
    assert (missing.state, broken.state) == (State.PROBLEM, State.PROBLEM)
    assert "no_such_module" in missing.text
    assert "libcudart" in broken.text


def test_the_machine_is_named_without_its_host():
    machine = next(check for check in check_python() if check.name == "machine")
    assert platform.system() in machine.text
    assert platform.node() not in machine.text
