"""The card beside the form: badge, facts, findings, name, buttons."""

from typing import Any

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from distill_gui.models.compose import ComposeModel
from distill_gui.panels.compose.panel import ComposePanel


def test_at_first_it_says_what_to_choose(panel: ComposePanel) -> None:
    card = panel.preview
    assert card.badge.text() == "not ready" and card.main.text() == "Choose a teacher"
    assert [row[:1] + row[3:] for row in card.findings.rows()][:2] == [
        ("to do", "teacher.model"),
        ("to do", "task.name"),
    ]
    assert not card.facts.isVisible() and not card.queue.isEnabled()


def test_the_answer_is_shown(ready: ComposePanel) -> None:
    card = ready.preview
    assert card.badge.text() == "ready" and card.badge.property("tone") == "good"
    shown = {label: (value, strong) for label, value, strong in card.facts.rows()}
    assert shown["Teacher → student"] == ("22.7 M → 17.4 M", "1.3×")
    assert shown["Steps"] == ("345", "") and shown["Device"] == ("cpu · no CUDA GPU found", "")
    assert ("fine", "good", "3,668 training rows.", "") in card.findings.rows()
    assert card.main.text() == "Start" and card.queue.isEnabled()


def test_every_fault_is_listed_with_its_key(ready: ComposePanel, model: ComposeModel, answer: dict[str, Any]) -> None:
    model.set_value("training.epochs", 0)
    model.set_value("training.seed", "x")
    ready.set_preview({**answer, "ready": False, "faults": [{"key": "task.source", "message": "no column “label”"}]})
    stops = [(row[2], row[3]) for row in ready.preview.findings.rows() if row[0] == "stop"]
    assert [key for _, key in stops] == ["training.seed", "training.epochs", "task.source"]
    assert ("no column “label”", "task.source") in stops
    assert ready.preview.main.text() == "Mend 3 things" and ready.preview.badge.text() == "not ready"
    assert ready.task.row("task.source").fault.text() == "no column “label”"


def test_starting_and_queueing_are_told_only_when_ready(panel: ComposePanel, qtbot: QtBot, model: ComposeModel) -> None:
    started, queued = [], []
    panel.preview.start_clicked.connect(lambda: started.append(1))
    panel.preview.queue_clicked.connect(lambda: queued.append(1))
    qtbot.mouseClick(panel.preview.main, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.preview.queue, Qt.MouseButton.LeftButton)
    assert started == queued == []
    model.merge({"teacher.model": "owner/t", "task.name": "mrpc"})
    qtbot.mouseClick(panel.preview.main, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.preview.queue, Qt.MouseButton.LeftButton)
    assert started == queued == [1]


def test_a_name_can_be_given(ready: ComposePanel, model: ComposeModel, qtbot: QtBot) -> None:
    field = ready.preview.name
    assert field.placeholderText() == "taylor · 2x128 · mrpc · seed 0"
    qtbot.keyClicks(field, "Mine ")
    assert model.value("name") == "Mine" and field.text() == "Mine "
    field.clear()
    field.edited.emit("")
    assert model.value("name") == ""
    qtbot.keyClicks(field, "n" * 201)
    assert field.property("invalid") is True


def test_many_faults_scroll_and_the_buttons_stay(
    ready: ComposePanel, model: ComposeModel, answer: dict[str, Any]
) -> None:
    faults = [{"key": f"task.k{number}", "message": "a sentence about what is wrong " * 3} for number in range(30)]
    ready.set_preview({**answer, "ready": False, "faults": faults})
    for _ in range(5):
        qtbot_process()
    main = ready.preview.main
    assert ready.rect().contains(main.mapTo(ready, main.rect().bottomRight()))
    assert main.height() >= 32


def qtbot_process() -> None:
    from PySide6.QtWidgets import QApplication

    QApplication.processEvents()


def test_the_doctor_is_asked_by_the_person_and_its_findings_go_with_the_draft(
    ready: ComposePanel, model: ComposeModel, qtbot: QtBot
) -> None:
    card = ready.preview
    with qtbot.waitSignal(ready.examination_requested) as asked:
        qtbot.mouseClick(card.examine, Qt.MouseButton.LeftButton)
    assert asked.args == [1, model.toml()] and card.examine.text() == "Cancel"
    model.doctor.take(
        1,
        {
            "seconds": 3.0,
            "findings": [{"level": "stop", "key": "teacher.model", "text": "Shuffled.", "remedy": "Mend it."}],
        },
    )
    assert card.stops.rows() == [("stop", "bad", "Shuffled. Mend it.", "teacher.model")]
    assert card.examine.text() == "Examine again" and card.doctor_says.text() == "Examined in 3 s"
    model.set_value("training.epochs", 7)
    assert card.stops.rows() == [] and not card.stops.isVisible() and card.examine.text() == "Examine"


def test_another_draft_or_the_person_ends_an_examination(
    ready: ComposePanel, model: ComposeModel, qtbot: QtBot
) -> None:
    card = ready.preview
    card.examine.click()
    with qtbot.waitSignal(ready.examination_cancelled):
        model.set_value("training.epochs", 7)
    card.examine.click()
    with qtbot.waitSignal(ready.examination_cancelled):
        card.examine.click()
    assert card.examine.text() == "Examine"


def test_a_draft_that_cannot_start_cannot_be_examined(panel: ComposePanel, model: ComposeModel) -> None:
    assert not panel.preview.examine.isEnabled()
    assert panel.preview.examine.toolTip() == "First: choose a teacher"


def test_what_the_doctor_advises_against_stands_first_and_start_steps_back(
    ready: ComposePanel, model: ComposeModel, answer: dict[str, Any], qtbot: QtBot
) -> None:
    card = ready.preview
    supposed = "Teacher and student have different tokenizers."
    ready.set_preview({**answer, "notices": [{"level": "look", "key": "student.tokenizer", "text": supposed}]})
    assert (card.main.text(), card.main.property("kind")) == ("Start", "primary")
    card.examine.click()
    notice = {"check": "config", "key": "student.tokenizer", "title": "Tokenizers"}
    model.doctor.take(1, {"seconds": 3.0, "findings": [
        {"level": "look", **notice, "text": supposed},
        {"level": "stop", "check": "teacher_score", "key": "teacher.model", "title": "Teacher", "text": "At chance."},
        {"level": "fine", **notice, "check": "tokenizers", "text": "The same tokens."},
    ]})  # fmt: skip
    assert (card.badge.text(), card.badge.property("tone")) == ("not advised", "bad")
    assert (card.main.text(), card.main.property("kind")) == ("Start anyway", "secondary")
    assert [row[2] for row in card.stops.rows()] == ["At chance."]
    assert [row[2] for row in card.findings.rows() if "oken" in row[2]] == ["The same tokens."]
    assert "At chance." not in [row[2] for row in card.findings.rows()]
    assert card.stops.y() < card.facts.y() < card.findings.y()
    with qtbot.waitSignal(card.start_clicked):
        card.main.click()
    model.set_value("training.epochs", 7)
    assert card.main.text() == "Start" and card.main.property("kind") == "primary"
