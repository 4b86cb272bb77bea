from io import StringIO

from rich.console import Console

from av_td3.training.progress import PlainDisplay, Progress, TerminalDisplay


def progress(step, **numbers):
    return Progress("learning", step, total_steps=10, episodes=1, numbers=numbers, steps_per_second=5.0, seconds_left=None)


def test_the_panel_shows_every_number_and_no_markup_also_where_a_note_is_printed_above_it():
    written = StringIO()
    display = TerminalDisplay(Console(file=written, force_terminal=True, width=120), total_steps=10)
    display.show(progress(3, reward=1.25, length=None, entropy=0.5))
    display.note("[red] is a name")
    display.close()
    said = written.getvalue()
    assert "[red] is a name" in said
    assert all(word in said for word in ("episodes", "reward", "1.25", "entropy", "0.5", "steps/s", "time left"))
    assert "[dim]" not in said
    assert "[bold]" not in said


def test_lines_come_now_and_then_and_at_the_last_step():
    written = StringIO()
    display = PlainDisplay(Console(file=written, width=200))
    for step in (1, 2, 10):
        display.show(progress(step, reward=1.25, loss=None))
    assert written.getvalue().splitlines() == [
        f"learning step {step}/10  episodes 1  reward 1.25  loss -  5.0 steps/s  left -" for step in (1, 10)
    ]
