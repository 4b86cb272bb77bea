import re
from dataclasses import replace

import pytest
from rich.console import Console

from av_td3.cli.tools import main
from av_td3.config.errors import ConfigError
from av_td3.report.evaluation_latex import escaped
from av_td3.report.evaluation_page import write_evaluation_page
from av_td3.report.evaluation_statistics import evaluation_statistics
from av_td3.report.evaluation_terminal import print_evaluation
from av_td3.runs.evaluation_folder import EvaluatedPolicy, read_evaluation_folder
from tests.report import evaluations

POLICIES = ("seed 0", "50% & <b>_x_</b>", "seed 2")


@pytest.fixture
def folder(tmp_path):
    rows, evaluation = evaluations.with_a_failure(evaluations.episodes(policies=POLICIES))
    goals = replace(evaluation.routes, goals={"r00": (40.0, 40.0)})
    return evaluations.write(tmp_path / "evaluation", rows, replace(evaluation, routes=goals))


def page_of(folder, videos=()):
    return write_evaluation_page(read_evaluation_folder(folder), folder, videos)[0].read_text()


def printed(folder, width=100):
    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        print_evaluation(console, read_evaluation_folder(folder))
    return " ".join(capture.get().split())


def test_a_page_is_one_file_that_needs_no_network(folder):
    page = page_of(folder)
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', page) == []
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"|"http://www.w3.org[^"]*"', "", page)
    assert "<b>_x_</b>" not in page
    assert "50% &amp; &lt;b&gt;_x_" in page


def test_the_headline_is_that_of_all_trained_policies(folder):
    recorded = read_evaluation_folder(folder)
    overall = evaluation_statistics(recorded.evaluation, recorded.episodes).overall
    shown = re.findall(r"<b>([\d.]+)</b>\n\s*([\d.]+) to ([\d.]+) ", page_of(folder))
    expected = [overall.estimates[name] for name in ("success", "route_completion", "driving_score")]
    assert [tuple(map(float, numbers)) for numbers in shown] == [
        pytest.approx((one.mean, one.low, one.high), rel=5e-3) for one in expected
    ]


def test_what_was_lost_failed_and_not_measured_is_said(folder):
    page = page_of(folder)
    assert "Simulators lost: 1, the episodes were driven again. Episodes that could not be driven: 1; each counts as " in page
    assert "zero in success, route completion and driving score. They have no other measures." in page
    assert "the simulator was lost 3 times" in page
    assert "no answer within 10 s" in page
    assert "minimum time to collision: 30 of 59 episodes (no vehicle was ahead)" in page
    assert page.count("without 1 route(s) with a missing value: r09") == 1  # the reward of the failed episode


def test_a_failed_episode_counts_as_zero_in_every_mean(tmp_path):
    rows, evaluation = evaluations.with_a_failure(evaluations.episodes(policies=("final",), routes=6, repeats=1))
    for column in ("success", "route_completion", "driving_score"):
        expected = sum(getattr(row, column) for row in rows[:-1]) / 6
        (row,) = evaluation_statistics(evaluation, rows).policies
        assert row.estimates[column].mean == pytest.approx(expected)
        assert "failed" in row.endings
    driven = [one.jerk_rms for one in rows[:-1]]
    assert row.estimates["jerk_rms"].mean == pytest.approx(sum(driven) / 5)


def test_maps_show_each_policy_its_goal_and_the_kinds_of_endings(folder):
    page = page_of(folder)
    for words in ("Suburb01, by policy", "Suburb01, seed 0", "Suburb01, seed 2", ">no success<", ">off_road<", ">time_limit<"):
        assert words in page


def test_a_folder_without_trajectories_says_so(tmp_path):
    rows = evaluations.episodes(policies=("final",), routes=3, repeats=1)
    page = page_of(evaluations.write(tmp_path, rows, trajectories=False))
    assert "Not recorded." in page
    assert "no interval: 3 routes; an interval needs 5" in page
    assert "not measured: one policy" in page
    assert "Where the variance comes from" not in page


def test_videos_become_a_part_of_the_page(folder, tmp_path):
    for name in ("best.mp4", "worst.webp", "notes.txt"):
        (tmp_path / name).write_bytes(b"abc")
    page = page_of(folder, [tmp_path / "best.mp4", tmp_path / "worst.webp"])
    assert '<video controls loop muted src="data:video/mp4;base64,YWJj">' in page
    assert '<img src="data:image/webp;base64,YWJj" alt="worst">' in page
    with pytest.raises(ConfigError, match=r"notes\.txt: is no video that a page can hold; give one of \.mp4, \.webp"):
        page_of(folder, [tmp_path / "notes.txt"])


def test_videos_that_would_make_the_page_too_large_are_links(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("av_td3.report.evaluation_page.MAX_EMBEDDED", 7)
    videos = folder / "videos"
    videos.mkdir()
    for name in ("a.mp4", "b.mp4", "c 1.mp4"):
        (videos / name).write_bytes(b"abc")
    page = page_of(folder, sorted(videos.iterdir()))
    assert page.count("data:video/mp4;base64,YWJj") == 2
    assert '<a href="videos/c%201.mp4">c 1</a></p>' in page
    assert "1 of 3 videos are not a part of this page, which would be too large with them:" in page


def test_equal_inputs_give_equal_bytes(folder):
    recorded = read_evaluation_folder(folder)
    first = [path.read_bytes() for path in write_evaluation_page(recorded, folder)]
    assert [path.read_bytes() for path in write_evaluation_page(read_evaluation_folder(folder), folder)] == first
    assert evaluation_statistics(recorded.evaluation, recorded.episodes).content() == (
        evaluation_statistics(recorded.evaluation, recorded.episodes).content()
    )


def test_the_latex_table_is_balanced_and_escaped(folder):
    page_of(folder)
    table = (folder / "table.tex").read_text()
    for opening, closing in (("{", "}"), ("\\begin{tabular}", "\\end{tabular}"), ("\\begin{table}", "\\end{table}")):
        unescaped = re.sub(r"\\[{}]", "", table)
        assert unescaped.count(opening) == unescaped.count(closing) > 0
    lines = [line for line in table.splitlines() if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", line)) for line in lines} == {4}
    assert r"50\% \& <b>\_x\_</b>" in lines[0]
    assert re.search(r"^driving score & 0\.\d+ \[0\.\d+, 0\.\d+\] &", table, re.MULTILINE)


def test_many_policies_continue_below(tmp_path):
    folder = evaluations.write(tmp_path, evaluations.episodes(policies=[f"seed {n}" for n in range(6)]))
    page_of(folder)
    table = (folder / "table.tex").read_text()
    assert table.count("\\begin{tabular}{lcccc}") == table.count("\\begin{tabular}{lccc}") == 1


def test_every_character_stands_for_itself_in_latex():
    assert escaped("a_b\\c {x}\n~^#$") == r"a\_b\textbackslash{}c \{x\} \textasciitilde{}\textasciicircum{}\#\$"


@pytest.mark.parametrize("width", [40, 100])
def test_a_terminal_shows_means_intervals_and_causes_at_any_width(folder, width):
    text = printed(folder, width)
    assert "3 policies on 10 routes (suburb, conf/routes/suburb.yaml), 2 times each: 60 episodes; seed 0." in text
    assert "all trained policies hold for these policies on other routes, not for other trainings." in text
    assert re.search(r"Variance of the driving score: policy \d+ %", text)
    assert "not measured: minimum time to collision: 30 of 59 episodes" in text


def test_drivers_that_were_not_trained_are_not_averaged(tmp_path):
    rows = evaluations.episodes(policies=("pursuit", "random"))
    policies = [EvaluatedPolicy("random", driver="random"), EvaluatedPolicy("pursuit", driver="pure_pursuit")]
    statistics = evaluation_statistics(evaluations.of(rows, policies=policies), rows)
    assert statistics.overall is None
    assert [row.name for row in statistics.rows] == ["random", "pursuit"]


def test_the_tools_report_and_compare_evaluations(folder, tmp_path, capsys):
    (folder / "videos").mkdir()
    (folder / "videos" / "best.mp4").write_bytes(b"abc")
    other = evaluations.write(tmp_path / "other", evaluations.episodes(shift=0.2, seed=1))
    assert main(["report", str(folder)]) == 0
    assert "data:video/mp4;base64,YWJj" in (folder / "evaluation.html").read_text()
    assert main(["compare", str(folder), str(other)]) == 0
    assert "B is better: the driving score of A is" in " ".join(capsys.readouterr().out.split())
    page, text = ((other / name).read_text() for name in ("comparison.html", "comparison.md"))
    assert "<h3>Driving score by route</h3>" in page
    assert re.search(
        r"^\| driving score \| 0\.\d+ \| 0\.\d+ \| -0\.\d+ \(-0\.\d+ to -0\.\d+\) \| 10 \| .* \| B is better \|", text, re.M
    )


def test_an_evaluation_is_not_compared_with_a_run(folder, tmp_path, capsys):
    assert main(["compare", str(tmp_path), str(folder)]) == 3
    assert capsys.readouterr().err == (
        f"error: {folder} is an evaluation, {tmp_path} is not; compare two evaluations or two runs\n"
    )
