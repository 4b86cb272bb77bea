"""The report of a log of another program."""

import re

import numpy as np
import pytest

from av_td3.report.assessment import assess
from av_td3.report.figures import FIGURES
from av_td3.report.other_tags import is_counter, other_tags
from av_td3.report.page import plots_of
from av_td3.report.reading import name_of
from av_td3.report.return_figures import learning_start
from av_td3.report.run_report import summary, write_report
from tests.diagnostics.logs import foreign, healthy, recorded, series
from tests.report.logs_of_others import ppo, rising, td3


@pytest.fixture
def drawn(tmp_path):
    """The plots of a log by their titles."""

    def of(scalars):
        return {plot.title: plot for plot in plots_of(foreign(scalars, tmp_path))[0]}

    return of


@pytest.fixture
def page(tmp_path):
    def of(scalars):
        folder = tmp_path / "report"
        folder.mkdir(exist_ok=True)
        html, _ = write_report(assess(foreign(scalars, tmp_path)), folder)
        return html.read_text()

    return of


def headings(page):
    return re.findall(r"<h[23]>(.*?)</h", page)


def test_the_return_comes_first_with_its_levels(page):
    content = page(ppo())
    titles = headings(content)
    assert titles.index("Episode reward") == titles.index("Return") + 1 < titles.index("Curves")
    assert "The return rises." in content
    assert re.search(r"late level 8\d", content)


def test_where_the_return_is_flat_the_figure_says_since_when(drawn):
    flat = rising()
    flat.values[10:] = 50.0 + np.random.default_rng(2).standard_normal(50)
    assert "flat since step" in drawn(ppo() | {"rollout/ep_rew_mean": flat})["Episode reward"].note


def test_every_tag_is_on_the_page_once_and_counters_and_constants_as_text(tmp_path):
    run = foreign(ppo(), tmp_path)
    plots = plots_of(run)[0]
    others = other_tags(run, plots)
    shown = [tag for plot in (*plots, *others.plots) for tag in plot.tags]
    texts = [text.split(" = ")[0].split(":")[0] for text in (*others.constants, *others.counters)]
    assert sorted(shown + texts) == sorted(run.logged)
    assert [plot.title for plot in others.plots] == ["custom/speed"]
    assert others.constants == ["train/clip_range = 0.2"]
    assert others.counters == ["time/total_timesteps: 1000 to 60000"]


def test_quantities_of_ppo_have_figures_and_nothing_of_td3_is_claimed(drawn):
    plots = drawn(ppo())
    assert plots.keys() >= {"Value loss", "Policy loss", "Policy steps", "Explained variance", "Entropy"}
    assert not any("minus Q" in plot.note for plot in plots.values())
    assert "Losses" not in plots
    assert "minus Q" in drawn(td3())["Losses"].note
    named_alike = ppo() | {"train/actor_loss": series([0.1] * 60, 1000, 1000)}
    assert "minus Q" not in drawn(named_alike)["Losses"].note


def test_the_temperature_and_the_exploration_rate_have_figures(drawn):
    assert "Temperature" in drawn(td3() | {"train/ent_coef": series([1.0, 0.5])})
    assert "Exploration" in drawn({"rollout/exploration_rate": series([1.0, 0.5]), "train/loss": series([1.0, 0.5])})


def test_a_figure_names_the_tags_of_the_log(drawn):
    assert "Logged as charts/episodic_return." in drawn(td3())["Episode reward"].note


def test_a_running_mean_is_not_smoothed_again(drawn):
    assert "median of" not in drawn(ppo())["Episode reward"].svg
    assert "median of" in drawn(td3())["Episode reward"].svg


def test_the_axis_has_the_unit_of_the_log(drawn):
    assert "environment steps" in drawn(ppo())["Episode reward"].svg
    by_episode = {"Episode/Reward": series(rising().values, 501, 1), "Episode/Length": series([40.0] * 60, 501, 1)}
    assert "episodes" in drawn(by_episode)["Episode reward"].svg
    unknown = drawn({"Av. Q": series(np.arange(20.0), 3, 3)})["Q values"].svg
    assert "steps (unit not known)" in unknown


@pytest.mark.parametrize(
    ("scalars", "start"),
    [
        (td3(), 10_000),
        (td3(starts=1000), None),  # from the first episode on
        (td3(starts=500) | {"charts/SPS": series([1.0] * 9, 0, 100)}, None),  # before it
        (ppo() | {"train/critic_loss": series([1.0, 2.0], 10_000, 1000)}, None),  # on-policy
        ({"reward": rising(), "loss": series([1.0] * 9, 10_000, 1000)}, None),  # of whatever
    ],
)
def test_learning_starts_only_where_data_are_collected_before(tmp_path, scalars, start):
    run = foreign(scalars, tmp_path)
    assert learning_start(run, 1000) == start


def test_a_run_of_ours_starts_to_learn_at_its_first_loss(tmp_path):
    assert learning_start(recorded(healthy(), tmp_path), 60) == 2525


def test_only_what_the_algorithm_should_log_is_called_missing(tmp_path):
    _, missing = plots_of(
        foreign({"train/approx_kl": series([0.01] * 20), "train/clip_fraction": series([0.1] * 20)}, tmp_path)
    )
    assert "Value loss" in missing
    assert not {"Losses", "Q values", "Temperature", "Trajectories", "Actions", "Update ratios"} & set(missing)
    _, of_ours = plots_of(recorded(healthy(), tmp_path))
    assert of_ours == ["Actions", "Trajectories"]


def test_beyond_a_number_of_plots_tags_are_only_listed(tmp_path, page, monkeypatch):
    monkeypatch.setattr("av_td3.report.other_tags.MAX_PLOTS", 2)
    many = {f"custom/n{number}": rising() for number in range(5)}
    others = other_tags(foreign(many, tmp_path), [])
    assert [plot.title for plot in others.plots] == ["custom/n0", "custom/n1"]
    assert others.left_out == ["custom/n2", "custom/n3", "custom/n4"]
    assert "3 more tags are not drawn" in page(many)


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        (np.arange(20.0), True),
        (np.arange(20.0) * 512.0, True),
        (np.arange(20.0) + 0.5, False),  # no integers
        (np.array([1.0, 3.0, 2.0, 5.0, 6.0, 7.0]), False),  # it falls
        (2.0 ** np.arange(20.0), False),  # it grows ever faster
        (np.array([1.0, np.nan, 3.0, 4.0, 5.0, 6.0]), False),
    ],
)
def test_what_only_counts_is_told_from_what_is_measured(values, counts):
    assert is_counter(series(values)) is counts


def test_what_was_read_as_what_is_in_a_table(page):
    content = page(ppo())
    assert "Read as: Stable-Baselines3, PPO; steps are environment steps." in content
    assert "<td><code>episode/reward</code></td><td><code>rollout/ep_rew_mean</code></td>" in content


def test_rules_without_data_are_one_line_and_a_list_to_open(page):
    content = page(ppo())
    line = re.search(
        r"<details[^>]*><summary>(\d+) of (\d+) rules had nothing to look at \(not logged: ([^)]*)\)</summary>", content
    )
    assert 0 < int(line[1]) < int(line[2])
    assert "gradients" in line[3]
    assert "Missing tag or setting" in content


def test_a_criterion_without_data_is_not_called_met(page):
    rows = re.findall(r"<tr><td>(.*?)</td><td>.*?</td><td>(.*?)</td>\s*<td>(.*?)</td></tr>", page(ppo()), re.DOTALL)
    found = {name: (measured, "met" in mark) for name, measured, mark in rows}
    assert found["gradients"] == ("not logged", False)
    assert found["Q values"] == ("not applicable to PPO", False)
    assert found["return"] == ("nothing found", True)


def test_go_is_said_with_its_reservation(tmp_path):
    text = summary(assess(foreign(ppo(), tmp_path)))
    assert text.startswith("GO as far as this log tells; not checked, because not logged: ")
    assert "gradients" in text
    assert "on every update" in summary(assess(recorded(healthy(), tmp_path)))


def test_without_a_critical_finding_the_first_warning_is_named(tmp_path):
    flat = series(50.0 + np.random.default_rng(0).standard_normal(60), 1000, 1000)
    assert "The first warning: no_learning" in summary(assess(foreign(ppo() | {"rollout/ep_rew_mean": flat}, tmp_path)))


def test_wide_tables_show_that_they_scroll(page):
    content = page(ppo())
    rule = re.search(r"\.scroll \{(.*?)\}", content, re.DOTALL)[1]
    assert "overflow-x: auto" in rule
    assert rule.count("no-repeat scroll") == 2  # a shadow at each edge
    assert rule.count("no-repeat local") == 2  # covered at the ends
    for table in re.finditer("<table", content):
        before = content[: table.start()].rstrip()
        assert re.search(r'class="(card )?scroll" tabindex="0">$', before)


def test_a_limit_far_outside_the_drawn_norms_is_said_and_not_drawn(tmp_path):
    small = {
        tag: points._replace(values=points.values * 1e-6) if "grad_norm" in tag else points for tag, points in healthy().items()
    }
    for scalars, label in ((healthy(), "limit 1<"), (small, "limit 1 (outside)<")):
        plots = plots_of(recorded(scalars, tmp_path), tuple(f for f in FIGURES if f.title == "Actor gradient norm"))[0]
        assert label in plots[0].svg


def test_where_a_tag_stops_being_finite_is_marked(drawn):
    values = np.ones(60)
    values[40:] = np.nan
    broken = {f"train/{name}": series(values, 1000, 1000) for name in ("value_loss", "approx_kl", "clip_fraction")}
    plots = drawn(ppo() | broken)
    assert "NaN or infinite" in plots["Value loss"].svg
    assert plots["Policy steps"].svg.count(">NaN or infinite<") == 1  # for both of its curves
    assert "NaN or infinite" not in plots["Policy loss"].svg


def test_only_where_it_is_known_an_entropy_is_called_negated(drawn):
    assert "logs it negated" in drawn(ppo())["Entropy"].note
    of_another = {tag: points for tag, points in ppo().items() if tag.startswith("train/")} | {"reward": rising()}
    assert "may be negated" in drawn(of_another)["Entropy"].note
    assert "negated" not in drawn({"losses/entropy": rising(), "losses/approx_kl": rising()})["Entropy"].note


def test_a_folder_that_only_says_log_is_named_with_the_one_above(tmp_path):
    names = [name_of(foreign(ppo(), tmp_path / name)) for name in ("ppo/log", "ppo")]
    assert names == ["ppo/log", "ppo"]
