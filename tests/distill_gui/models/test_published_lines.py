"""Published figures beside own curves: right ones only."""

from __future__ import annotations

from distill_gui.models.published_lines import published_lines
from engine.analysis.published import read_published


def test_figures_by_task_loss_and_student_without_the_doubtful_ones() -> None:
    lines = published_lines(read_published())
    assert lines["mrpc", "taylor", "2x128"] == ("published (test server)", 0.721)
    assert lines["rte", "kl", "6x768"][1] == 0.653
    assert not [key for key in lines if key[1] == "kl" and key[2] == "2x128"]  # its notes say they are no KD at all
    assert not [key for key in lines if key[0] == "mnli"]
