"""What the cards of teacher, task and loss say beside their fields."""

from distill_gui.models.compose import ComposeModel
from distill_gui.panels.compose.panel import ComposePanel


def test_the_task_says_how_it_is_scored(panel: ComposePanel, model: ComposeModel) -> None:
    assert not panel.task.score.isVisible()
    model.set_value("task.name", "mrpc")
    assert panel.task.score.isVisible() and panel.task.score.isReadOnly()
    assert (panel.task.score.text(), panel.task.score.note()) == ("F1", "also accuracy")
    model.set_value("task.name", "rte")
    assert (panel.task.score.text(), panel.task.score.note()) == ("Accuracy", "")


def test_the_teacher_of_a_control_is_explained(ready: ComposePanel, model: ComposeModel) -> None:
    assert not ready.teacher.remark.isVisible()
    model.choose_preset("none")
    assert ready.teacher.remark.isVisible() and "Not asked by this loss" in ready.teacher.remark.text()


def test_the_formula_follows_the_sliders_and_breaks_after_a_plus_only(panel: ComposePanel) -> None:
    panel.loss.row("loss.lambda").control.slider.setValue(6)
    text = panel.loss.formula.text()
    assert text.replace("\N{NO-BREAK SPACE}", " ") == "L = 0.30·CE(y) + 0.70·[KL(p‖f) + 1.00·⟨y−p, −log f⟩]"
    assert all(before.endswith("+") for before in text.split(" ")[:-1])


def test_the_notice_is_there_exactly_when_it_is_true(panel: ComposePanel, model: ComposeModel) -> None:
    notice = panel.loss.notice
    assert notice.isVisible()
    assert notice.text().startswith("At T = 1 and γ = 1 the teacher does not change the gradient.")
    assert "Lower γ" in notice.text()
    model.set_value("loss.temperature", 1.5)
    assert notice.isVisible() and notice.text().startswith("At γ = 1 the teacher does not change the gradient.")
    model.reset("loss.temperature")
    for key, value in (("loss.gamma", 0.95), ("loss.kind", "kl")):
        model.set_value(key, value)
        assert not notice.isVisible()
        model.reset(key)
        assert notice.isVisible()
    model.set_value("loss.lambda", 0.9)
    assert notice.isVisible(), "it holds for every λ"
    model.choose_preset("kl")
    assert not notice.isVisible()


def test_an_unknown_loss_has_no_formula(panel: ComposePanel, model: ComposeModel) -> None:
    model.load_toml('[loss]\nkind = "tailor"\n')
    assert not panel.loss.formula.isVisible()
    assert "there is no loss “tailor”" in panel.loss.row("loss.kind").fault.text()
