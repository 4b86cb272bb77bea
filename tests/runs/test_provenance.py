import pytest

from av_td3.runs.provenance import provenance, read_provenance, write_provenance


def test_what_a_run_is_made_with_is_written_and_read(tmp_path):
    write_provenance(tmp_path)
    assert read_provenance(tmp_path) == provenance()
    assert {"python", "torch", "command", "cores"} <= read_provenance(tmp_path).keys()


@pytest.mark.parametrize("content", [None, "", "[]", "[" * 100_000])
def test_a_folder_that_does_not_say_it_says_nothing(tmp_path, content):
    if content is not None:
        (tmp_path / "environment.json").write_text(content)
    assert read_provenance(tmp_path) == {}
