import pytest

from av_td3.config.errors import ConfigError
from av_td3.runs.sweep_folder import read_code, write_code


def test_what_a_sweep_was_submitted_with_is_written_and_read(tmp_path):
    assert read_code(tmp_path) is None
    write_code(tmp_path / "sweep", "abc", [["seed=0"], ["seed=1"]])
    assert read_code(tmp_path / "sweep") == {"digest": "abc", "jobs": [["seed=0"], ["seed=1"]]}


@pytest.mark.parametrize("content", ["", "[]", '{"jobs": 5}'])
def test_a_damaged_record_is_refused_and_says_what_to_do(tmp_path, content):
    (tmp_path / "code.json").write_text(content)
    with pytest.raises(ConfigError, match=r"code\.json cannot be read: .*; delete it to continue the sweep"):
        read_code(tmp_path)
