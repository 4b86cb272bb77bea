import subprocess
import sys
from pathlib import Path


def test_cars_and_cameras_behave_as_scripts_for_carla_expect(own_server):
    port, log = own_server
    script = Path(__file__).with_name("behaviour.py")
    done = subprocess.run([sys.executable, str(script), str(port)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "behaved" in done.stdout
    assert log.read_text() == ""
