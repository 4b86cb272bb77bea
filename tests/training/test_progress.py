from io import StringIO

from rich.console import Console

from av_td3.training.progress import Figures, TerminalDisplay


def test_the_panel_shows_no_markup_also_where_a_note_is_printed_above_it():
    written = StringIO()
    display = TerminalDisplay(Console(file=written, force_terminal=True, width=120), total_steps=10)
    numbers = {"reward": 1.0, "length": 2.0, "actor_loss": None, "critic_loss": None, "actor_norm": None, "critic_norm": None}
    display.show(
        Figures(
            step=3,
            total_steps=10,
            episodes=1,
            saturation=None,
            steps_per_second=5.0,
            seconds_left=None,
            phase="exploring",
            **numbers,
        )
    )
    display.note("[red] is a name")
    display.close()
    said = written.getvalue()
    assert "[red] is a name" in said
    assert "episodes" in said
    assert "[dim]" not in said
    assert "[bold]" not in said
