"""Asked, terminated, killed: each after its own time, anew with every phase."""

from engine.store.stop_escalation import ASKED, KILLED, TERMINATED, StopEscalation


def test_each_stage_has_its_own_time() -> None:
    stop = StopEscalation(0.0, "training", ask_s=10, terminate_s=3)
    assert stop.stage == ASKED
    assert not stop.advance(9.9, "training")
    assert stop.advance(10.0, "training")
    assert stop.stage == TERMINATED
    assert not stop.advance(12.9, "training")
    assert stop.advance(13.0, "training")
    assert stop.stage == KILLED
    assert not stop.advance(1000.0, "training"), "there is nothing after that"


def test_what_is_left_of_a_stage_is_told() -> None:
    stop = StopEscalation(0.0, "training", ask_s=10, terminate_s=3)
    assert stop.left_s(4.0) == 6.0
    stop.advance(10.0, "training")
    assert stop.left_s(11.0) == 2.0
    stop.advance(13.0, "training")
    assert stop.left_s(14.0) == 0.0, "nothing comes after killing"


def test_winding_down_gets_its_time_anew() -> None:
    stop = StopEscalation(0.0, "training", ask_s=10, terminate_s=3)
    assert not stop.advance(9.0, "evaluating")
    assert not stop.advance(18.0, "evaluating")
    assert stop.advance(19.0, "evaluating")
    assert not stop.advance(21.0, "keeping the student")
    assert stop.advance(24.0, "keeping the student")
    assert stop.stage == KILLED
