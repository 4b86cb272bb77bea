import os

from av_td3.runs.sweep_folder import write_code
from av_td3.runs.tensorboard_names import job_name, name_in_tensorboard, swept

CLIP = "algorithm.gradient_clipping.actor_max_norm"
JOBS = [["network=small_cnn", f"{CLIP}={norm}", f"seed={seed}"] for norm in ("1.0", "10.0") for seed in (2, 3)]


def test_a_name_is_the_number_and_what_differs_between_the_jobs():
    assert job_name("0", swept(JOBS[0], JOBS)) == "0 actor_max_norm=1.0 seed=2"
    assert swept(JOBS[0], JOBS[:2]) == ["seed=2"]


def test_a_job_that_is_alone_or_unknown_beforehand_has_all_its_overrides():
    assert swept(JOBS[0], []) == swept(JOBS[0], JOBS[:1]) == JOBS[0]


def test_ambiguous_keys_are_named_whole():
    assert job_name("1", ["a.lr=1", "b.lr=2", "+c.norm=3"]) == "1 a.lr=1 b.lr=2 norm=3"


def test_a_name_is_a_file_name_of_bounded_length():
    name = job_name("12", ["init_from=outputs/a/b", f"x={'y' * 500}"])
    assert name.startswith("12 init_from=outputs_a_b x=yyy")
    assert len(name) <= 200


def test_the_log_of_a_job_is_linked_relative_to_the_sweep(tmp_path):
    sweep = tmp_path / "sweep"
    write_code(sweep, "digest", JOBS, [str(number) for number in range(4)])
    for number, overrides in enumerate(JOBS):
        (sweep / str(number) / "tensorboard").mkdir(parents=True)
        (sweep / str(number) / "tensorboard" / "events").write_text(str(number))
        for _ in range(2):  # as a job that is requeued does
            name_in_tensorboard(sweep, sweep / str(number), overrides)
    moved = sweep.rename(tmp_path / "moved")
    links = sorted(os.listdir(moved / "tensorboard"))
    assert links[0] == "0 actor_max_norm=1.0 seed=2"
    assert [(moved / "tensorboard" / link / "events").read_text() for link in links] == ["0", "1", "2", "3"]


def test_a_file_system_without_links_goes_without(tmp_path, monkeypatch):
    def refused(*_, **__):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("pathlib.Path.symlink_to", refused)
    name_in_tensorboard(tmp_path, tmp_path / "0", JOBS[0])
