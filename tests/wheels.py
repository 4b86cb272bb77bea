"""Wheels, and virtual environments in which they are installed."""

import os
import subprocess
import sys
import sysconfig
import venv


def build_wheel(project, folder):
    """Build the wheel of the project in a folder, without an index; returns its path."""
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder)
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, project], check=True, timeout=120)
    (found,) = folder.glob("*.whl")
    return found


def new_environment(folder, *pip):
    """A new virtual environment, with what pip is asked to install."""
    venv.create(folder, with_pip=True)
    install = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pip]
    subprocess.run(install, check=True, timeout=200)
    return folder


def training_environment(folder, *wheels):
    """As after ``pip install``: these wheels, and the packages of this environment, which pip would fetch again."""
    environment = new_environment(folder, "--no-deps", *wheels)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_paths()["purelib"])  # without the packages that are linked from there
    return environment


def av_td3(environment, folder, *words, code=0):
    """Type ``av-td3`` in a folder; returns what it prints."""
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | {"COLUMNS": "200"}
    command = [environment / "bin" / "av-td3", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=variables, timeout=200)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr
