import pytest
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from av_td3.config.errors import ConfigError
from av_td3.runs.config_file import config_to_resume, hydra_overrides, overrides_to_resume, read_config, write_config

COMPOSED = OmegaConf.create({"seed": 3, "twice": "${seed}"})


@pytest.fixture
def launched():
    """Hydra's state during a launch with these overrides."""
    before, hydra = HydraConfig.instance().cfg, HydraConfig.instance()
    overrides = ["seed=3", "resume_with_changes=true"]
    hydra.cfg = OmegaConf.create({"hydra": {"overrides": {"task": overrides}}})
    yield overrides
    hydra.cfg = before


def test_the_config_is_written_resolved_and_read(tmp_path):
    write_config(tmp_path, COMPOSED, ["seed=3"])
    problems = []
    assert read_config(tmp_path, problems) == config_to_resume(tmp_path) == {"seed": 3, "twice": 3}
    assert problems == []
    assert overrides_to_resume(tmp_path) == ["seed=3"]
    assert not (tmp_path / ".hydra").exists()  # nothing of Hydra's, outside of a launch


def test_of_a_launch_it_is_written_what_resumes_it_and_what_hydra_would_write(tmp_path, launched):
    write_config(tmp_path, COMPOSED, launched)
    assert overrides_to_resume(tmp_path) == ["seed=3"]  # how it was resumed is not for the next time
    assert hydra_overrides(tmp_path) == launched
    assert "twice: ${seed}" in (tmp_path / ".hydra" / "config.yaml").read_text()
    assert OmegaConf.load(tmp_path / ".hydra" / "hydra.yaml").hydra.overrides.task == launched


def test_a_folder_without_a_config_has_none(tmp_path):
    assert read_config(tmp_path, []) == {}
    assert hydra_overrides(tmp_path) is None


@pytest.mark.parametrize("content", ["a: [", "- 1\n", "a: &a [*a]\n"])
def test_a_damaged_config_costs_a_reader_a_line(tmp_path, content):
    (tmp_path / "config.yaml").write_text(content)
    problems = []
    assert read_config(tmp_path, problems) == {}
    assert len(problems) == 1
    assert problems[0].startswith("config.yaml cannot be read: ")
    assert "\n" not in problems[0]


def test_a_damaged_config_or_override_is_not_resumed_from(tmp_path):
    (tmp_path / "config.yaml").write_text("a: [")
    with pytest.raises(ConfigError, match=r"config\.yaml cannot be read: "):
        config_to_resume(tmp_path)
    for content, wrong in (("a: [", "cannot be read: "), ("a: 1", "must be a list of overrides"), ("- 1", "must be a list")):
        (tmp_path / "overrides.yaml").write_text(content)
        with pytest.raises(ConfigError, match=rf"overrides\.yaml:? {wrong}") as caught:
            overrides_to_resume(tmp_path)
        assert "\n" not in str(caught.value)


def test_a_job_whose_overrides_are_no_list_has_none(tmp_path):
    (tmp_path / ".hydra").mkdir()
    (tmp_path / ".hydra" / "overrides.yaml").write_text("a: 1")
    assert hydra_overrides(tmp_path) == []
