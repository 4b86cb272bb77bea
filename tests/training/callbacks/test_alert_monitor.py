from av_td3 import metrics
from av_td3.training.callbacks.alert_monitor import AlertMonitor
from tests.training.fakes import Fakes, RecordingAgent, configured

RAISED = {metrics.alert("dead_gradient"): 2.0}


def trained(measured, **alerts):
    config = configured(
        total_steps=6, algorithm={"learning_starts": 2}, logging={"every_updates": 1}, alerts={"quiet_points": 2, **alerts}
    )
    agent = RecordingAgent()
    agent.drain = lambda: measured.pop(0) if measured else {}
    monitor = AlertMonitor()
    return Fakes(config, [range(9)], callbacks={"alerts": monitor}, agent=agent).train(), monitor


def test_a_line_says_where_an_alert_begins_and_where_it_is_over():
    done, _ = trained([RAISED, {}, {}])
    begun, over = done.run.display.lines
    assert begun.startswith("ALERT at step 3: dead_gradient, raised 2 times")
    assert over.startswith("alert over at step 5: dead_gradient")
    assert done.run.status.alerts["dead_gradient"]["onsets"] == 1
    assert done.trainer.stop_reason is None


def test_the_chosen_alert_ends_the_training_at_once():
    done, _ = trained([{}, RAISED], stop_on=["dead_gradient"])
    assert done.trainer.step == 4
    assert done.trainer.stop_reason == "ended early by alerts.stop_on: dead_gradient"


def test_a_resumed_run_knows_its_alerts_and_ends_where_it_had_ended():
    _, first = trained([RAISED], stop_on=["dead_gradient"])
    config = configured(total_steps=6, alerts={"stop_on": ["dead_gradient"]})
    done = Fakes(config, [range(9)], callbacks={"alerts": (second := AlertMonitor())})
    second.load_state_dict(first.state_dict())
    done.train()
    assert (done.trainer.step, done.run.status.alerts["dead_gradient"]["onsets"]) == (0, 1)
