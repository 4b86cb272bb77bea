import os

import numpy as np

from av_td3.simulator.builtin.compiled import compiled, compiled_in_place, compiled_inline, discard_stale_code


def double(values):
    for i in range(len(values)):
        values[i] *= 2.0


def test_all_kinds_compute_the_same():
    for kind in (compiled, compiled_in_place, compiled_inline):
        values = np.arange(5.0)
        kind(double)(values)
        assert values.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0]


def test_machine_code_older_than_any_source_is_deleted(tmp_path):
    (tmp_path / "__pycache__").mkdir()
    times = {
        "caller.py": 100,
        "called.py": 300,
        "__pycache__/old.nbi": 200,
        "__pycache__/old.1.nbc": 200,
        "__pycache__/new.nbi": 400,
    }
    for name, time in {**times, "__pycache__/caller.cpython.pyc": 200}.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time, time))
    discard_stale_code(tmp_path)
    assert sorted(path.name for path in (tmp_path / "__pycache__").iterdir()) == ["caller.cpython.pyc", "new.nbi"]


def test_a_package_that_has_no_machine_code_is_left_alone(tmp_path):
    discard_stale_code(tmp_path / "missing")
    (tmp_path / "a.py").touch()
    discard_stale_code(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]
