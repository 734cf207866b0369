"""The composed run: what the main button says, when the engine is asked, presets, files, seeds."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from distill_gui.models.compose import PREVIEW_DELAY_MS, ComposeModel
from engine.config import parse_config
from engine.errors import ConfigError

GOOD = '[task]\nname = "mrpc"\n[teacher]\nmodel = "owner/t"\n[loss]\nkind = "taylor"\n'
ANSWER = {
    "ready": True, "faults": [], "teacher": {"parameters": 22_700_000, "layers": 6, "hidden": 384, "bytes": 9e7},
    "student": {"parameters": 17_400_000, "layers": 3, "hidden": 384, "bytes": 7e7},
    "rows": {"train": 3668, "validation": 408}, "steps": 345, "notices": [{"level": "fine", "text": "3,668 training rows."}],
    "device": "cpu", "device_reason": "no CUDA GPU found",
}  # fmt: skip


@pytest.fixture
def model(qapp):
    made = ComposeModel()
    yield made
    made._timer.stop()
    made.deleteLater()


@pytest.fixture
def good(model):
    model.load_toml(GOOD)
    return model


def test_the_main_button_names_the_first_missing_thing_then_starts(model):
    assert (model.main_text(), model.main_key()) == ("Choose a teacher", "teacher.model")
    model.set_value("teacher.model", "owner/t")
    assert (model.main_text(), model.main_key()) == ("Choose a task", "task.name")
    assert not model.can_start()
    model.set_value("task.name", "mrpc")
    assert (model.main_text(), model.main_key(), model.can_start()) == ("Start", "", True)
    model.set_value("training.seed", "1, 2, 3")
    assert model.main_text() == "Start 3 runs"
    model.set_value("training.epochs", 0)
    assert (model.main_text(), model.main_key()) == ("Mend 1 thing", "training.epochs")
    model.set_value("training.seed", "x")
    assert model.main_text() == "Mend 2 things"


def test_every_change_says_changed_once(model):
    seen = []
    model.changed.connect(lambda: seen.append(1))
    model.set_value("training.epochs", 4)
    model.reset("training.epochs")
    model.choose_preset("kl")
    model.load_toml(GOOD)
    model.merge({"task": {"name": "rte"}})
    assert len(seen) == 5


def test_the_engine_is_asked_once_after_a_pause(model, qtbot):
    asked = []
    model.preview_wanted.connect(lambda number, toml: asked.append(toml))
    model.set_value("teacher.model", "owner/t")
    for epochs in (4, 5, 6):
        model.set_value("training.epochs", epochs)
    assert asked == [] and model.is_checking()
    qtbot.waitUntil(lambda: asked != [], timeout=PREVIEW_DELAY_MS * 10)
    qtbot.wait(50)
    assert len(asked) == 1 and "epochs = 6" in asked[0]
    assert model.is_checking()
    model.set_preview(ANSWER)
    assert not model.is_checking()


def test_an_answer_to_an_earlier_question_is_not_taken_for_this_ones(good, qtbot):
    questions = []
    good.preview_wanted.connect(lambda number, toml: questions.append(number))
    for epochs in (4, 5):
        good.set_value("training.epochs", epochs)
        qtbot.waitUntil(lambda epochs=epochs: len(questions) == epochs - 3, timeout=PREVIEW_DELAY_MS * 10)
    first, second = questions
    good.take_preview(first, {**ANSWER, "ready": False})  # it was on its way from the other thread already
    assert good.is_checking() and good.state()[0] == "checking"
    good.take_preview(second, ANSWER)
    assert not good.is_checking() and good.state()[0] == "ready"


def test_nothing_is_asked_before_there_is_something_to_look_at(model, qtbot):
    asked = []
    model.preview_wanted.connect(lambda number, toml: asked.append(toml))
    model.set_value("training.epochs", 9)
    with qtbot.waitSignal(model.preview_changed, timeout=PREVIEW_DELAY_MS * 10):
        pass
    assert asked == [] and not model.is_checking()


def test_the_badge_tells_missing_checking_wrong_and_ready(model):
    assert model.state() == ("not ready", "warn")
    model.load_toml(GOOD)
    assert model.state() == ("checking", "neutral")
    model._timer.stop()
    model.set_preview(ANSWER)
    assert model.state() == ("ready", "good")
    model.set_preview({**ANSWER, "ready": False, "faults": [{"key": "task.source", "message": "no such file"}]})
    assert model.state() == ("not ready", "bad")
    assert not model.can_start()


def test_the_engines_faults_stand_beside_the_forms_own(good):
    good.set_value("training.epochs", 0)
    answer = {
        "faults": [{"key": "training.epochs", "message": "the same"}, {"key": "task.source", "message": "no column"}]
    }
    good.set_preview(answer)
    assert [fault.key for fault in good.faults()] == ["training.epochs", "task.source"]
    assert good.fault("task.source") == "no column"
    assert good.fault("training.epochs") == "must be at least 1; it is 0"
    good.set_value("task.source", None)
    assert good.fault("task.source") == "", "what the engine said of another value no longer holds"


def test_what_is_missing_is_not_called_a_fault_as_well(model):
    model.set_preview(
        {"faults": [{"key": "task", "message": "this section is missing"}, {"key": "teacher", "message": "m"}]}
    )
    assert model.faults() == []
    assert [(finding.level, finding.key) for finding in model.findings()] == [
        ("to do", "teacher.model"),
        ("to do", "task.name"),
        ("look", ""),
    ]


def test_a_check_that_failed_is_said_and_does_not_stop_the_start(good):
    good._timer.stop()
    good.set_preview(
        {"ready": False, "faults": [{"key": "", "message": "The check ended with status 1."}], "notices": []}
    )
    assert good.state() == ("not checked", "warn") and good.can_start()
    assert "The check ended with status 1." in [finding.text for finding in good.findings()]
    good.set_value("training.epochs", 5)
    assert "The check ended with status 1." not in [finding.text for finding in good.findings()]


def test_findings_come_with_the_pressing_ones_first(good):
    good.choose_preset("kl")
    good.set_value("training.epochs", 0)
    good.set_preview(
        {"notices": [{"level": level, "text": text} for level, text in (("fine", "a"), ("look", "b"), ("fine", "c"))]}
    )
    assert [(finding.level, finding.text) for finding in good.findings()] == [
        ("stop", "must be at least 1; it is 0"),
        ("look", "b"),
        ("fine", "a"),
        ("fine", "c"),
    ]


def test_the_notice_about_the_loss_is_short_in_the_preview_and_goes_at_once(good):
    bold, rest = good.notice()
    assert bold == "At T = 1 and γ = 1 the teacher does not change the gradient."
    assert rest.startswith("It equals cross-entropy")
    good.set_preview({"notices": [{"level": "look", "text": f"{bold} {rest}"}]})
    assert [finding.text for finding in good.findings()] == [f"{bold} (See Loss.)"]
    good.set_value("loss.gamma", 0.5)
    assert good.findings() == [], "the engine's answer to the former loss no longer holds"


def test_what_another_model_or_task_makes_untrue_is_not_shown(good):
    good.set_preview(ANSWER)
    good.set_value("task.source", None)
    labels = [fact.label for fact in good.facts()]
    assert "Teacher → student" in labels and "Steps" not in labels
    good.set_value("student.architecture", "4x312")
    assert "Teacher" in [fact.label for fact in good.facts()]
    good.set_value("teacher.model", "owner/other")
    assert good.note("teacher.model") == ""


def test_formula_and_notice_follow_every_setting(model):
    assert model.formula() == "0.50·CE(y) + 0.50·[KL(p‖f) + 1.00·⟨y−p, −log f⟩]"
    model.set_value("loss.lambda", 0.3)
    model.set_value("loss.gamma", 0.95)
    assert model.formula() == "0.30·CE(y) + 0.70·[KL(p‖f) + 0.95·⟨y−p, −log f⟩]"
    assert model.notice() == ("", "")
    model.set_value("loss.gamma", 1.0)
    assert model.notice()[0].startswith("At T = 1 and γ = 1")
    model.set_value("loss.temperature", 2.0)
    assert model.notice()[0].startswith("At γ = 1")
    model.choose_preset("none")
    assert (model.formula(), model.notice()) == ("CE(y)", ("", ""))
    model.load_toml('[loss]\nkind = "tailor"\n')
    assert (model.formula(), model.notice()) == ("", ("", ""))


def test_presets_change_the_method_and_keep_the_rest(model):
    assert model.preset() == "taylor"
    model.load_toml(GOOD)
    assert model.preset() == ""
    model.choose_preset("kl")
    config = parse_config(model.toml())
    assert (model.preset(), config.loss.kind, config.task.name) == ("kl", "kl", "mrpc")
    model.set_value("loss.kind", "mse_logits")
    assert model.preset() == "", "another loss is another method"
    model.reset("loss.kind")
    assert model.preset() == "kl"
    with pytest.raises(KeyError):
        model.choose_preset("nothing")


def test_notes_show_sizes_counts_and_units(good):
    assert good.note("task.name") == "3,668 rows"
    assert good.note("training.batch_size") == "rows"
    assert good.note("teacher.model") == good.note("student.architecture") == good.note("task.source") == ""
    good.set_preview(ANSWER)
    assert good.note("teacher.model") == "6 × 384 · 22.7 M"
    assert good.note("student.architecture") == "17.4 M"
    assert good.note("task.source") == "complete ✓"
    good.set_preview({**ANSWER, "rows": {"train": 640}})
    assert good.note("task.source") == "640 rows"
    good.set_value("training.seed", "1, 2")
    assert good.note("training.seed") == "2 runs"


def test_the_metrics_are_those_of_the_task(model):
    assert model.metrics() == ("", "")
    model.set_value("task.name", "mrpc")
    assert model.metrics() == ("F1", "accuracy")
    model.set_value("task.name", "rte")
    assert model.metrics() == ("Accuracy", "")


def test_the_name_is_made_from_the_choices_until_one_is_given(good):
    assert good.title() == good.placeholder("name") == "taylor · 2x128 · mrpc · seed 0"
    good.set_value("training.seed", "1, 2")
    assert good.title() == "taylor · 2x128 · mrpc"
    good.set_value("name", "Mine")
    assert good.title() == "Mine" and 'name = "Mine"' in good.toml()


def test_the_control_says_what_its_teacher_is_for(good):
    assert good.teacher_remark() == ""
    good.choose_preset("none")
    assert good.teacher_remark() == "Not asked by this loss: it only gives the student its tokenizer."
    good.set_value("student.init", "layers")
    assert "its layers and tokenizer" in good.teacher_remark()


def test_advanced_counts_what_applies_what_changed_and_what_is_wrong(good):
    count, changed, wrong = good.advanced("training")
    assert count > 4 and (changed, wrong) == (0, False)
    good.set_value("training.weight_decay", 0.1)
    good.set_value("training.keep", "last")
    assert good.advanced("training") == (count, 2, False)
    good.set_value("training.weight_decay", 7)
    assert good.advanced("training") == (count, 2, True)
    good.choose_preset("none")
    assert good.advanced("loss")[0] == 0
    good.choose_preset("taylor")
    before = good.advanced("teacher")[0]
    good.set_value("teacher.training", "fine_tune")
    assert good.advanced("teacher")[0] > before
    good.set_value("teacher.model", "4x128")
    assert good.advanced("teacher")[2], "the tokenizer that is missing is an advanced field"


def test_one_toml_a_seed(good):
    good.set_value("training.seed", "3, 1")
    assert [parse_config(text).training.seed for text in good.tomls()] == [3, 1]
    good.set_value("training.epochs", 0)
    with pytest.raises(ConfigError):
        good.tomls()


def test_a_file_is_opened_with_its_folders_and_saved_again(model, tmp_path):
    (tmp_path / "rows").mkdir()
    file = tmp_path / "run.toml"
    file.write_text(GOOD.replace('name = "mrpc"', 'name = "mrpc"\nsource = "rows"\ncolour = 3'))
    assert model.open_file(file) == "run.toml opened; unknown keys were left out: task.colour."
    assert model.value("task.source") == str((tmp_path / "rows").resolve())
    assert (model.file(), model.folder()) == ("run.toml", str(tmp_path.resolve()))
    model.set_value("training.epochs", 7)
    assert model.save_file(file) == "Saved as run.toml."
    again = parse_config(file.read_text(encoding="utf-8"))
    assert (again.training.epochs, again.task.source) == (7, str((tmp_path / "rows").resolve()))
    assert model.open_file(file) == ""
    assert model.command_line() == f"distill run {file}"
    model.set_value("training.epochs", 8)
    assert "<<'END_OF_TOML'" in model.command_line()


def test_saving_several_seeds_says_which_one_is_kept(good, tmp_path):
    good.set_value("training.seed", "4, 5")
    assert good.save_file(tmp_path / "a.toml") == "Saved as a.toml. It holds one seed, 4."
    assert "cannot be written" in good.save_file(tmp_path / "gone" / "a.toml")
    assert good.file() == "a.toml"


@pytest.mark.parametrize("content", [None, b"\xff", b"name = "], ids=["gone", "not UTF-8", "no TOML"])
def test_a_file_that_cannot_be_read_is_said_and_changes_nothing(good, tmp_path, content):
    before = good.toml()
    file = tmp_path / "bad.toml"
    if content is not None:
        file.write_bytes(content)
    assert good.open_file(file).startswith("bad.toml: ")
    assert good.toml() == before and good.file() == ""


def test_a_folder_is_used_for_what_it_holds(good, tmp_path):
    for name, file in (("model", "config.json"), ("rows", "train.jsonl"), ("nothing", "train.txt")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("")
    assert good.take_folder(tmp_path / "model") == "teacher.model"
    assert good.take_folder(tmp_path / "rows") == "task.source"
    assert good.take_folder(tmp_path / "nothing") == good.take_folder(tmp_path / "gone") == ""
    assert good.value("teacher.model") == str((tmp_path / "model").resolve())
    assert good.value("task.source") == str((tmp_path / "rows").resolve())


def test_past_runs_are_offered_where_a_model_or_folder_goes(good):
    assert good.suggestions("teacher.model") == []
    assert good.suggestions("student.architecture") == ["2x128", "3x384", "4x312", "6x768"]
    good.update_runs(
        SimpleNamespace(id=number, state="queued", trashed_at=None, config=config)
        for number, config in enumerate(
            [
                {"teacher": {"model": "a/a"}},
                {"teacher": {"model": "b/b"}},
                {"teacher": {"model": "a/a"}},
                {},
                {"teacher": None},
            ]
        )
    )
    assert good.suggestions("teacher.model") == ["a/a", "b/b"]
    assert good.suggestions("training.epochs") == []


def test_a_tokenizer_that_is_needed_says_what_goes_into_it(good):
    assert good.placeholder("teacher.tokenizer") == "the model's own"
    good.set_value("teacher.model", "4x128")
    assert good.placeholder("teacher.tokenizer") == "folder or hub id"


def test_a_faulty_file_is_shown_with_its_faults(model):
    model.load_toml('[task]\nname = "mrpx"\n[teacher]\nmodel = "./gone"\n[loss]\nkind = "kl"\nlambda = "x"\n')
    assert {fault.key for fault in model.faults()} == {"task.name", "teacher.model", "loss.lambda"}
    assert model.value("teacher.model") == "./gone"
    assert model.formula() == "0.50·CE(y) + 0.50·4.00·KL(p‖f; T=2)"


def test_the_name_to_save_under_holds_no_folder(model):
    model.load_toml(GOOD)
    model.set_value("student.architecture", "/models/small")
    assert model.file_name() == "taylor-small-mrpc.toml"


def test_past_runs_tell_the_time_as_soon_as_they_finish(good):
    good.set_preview(ANSWER)
    record = SimpleNamespace(id=1, trashed_at=None,
                             task="mrpc", architecture="2x128", batch_size=32, state="running", step=345, seed=0,
                             started_at=0.0, ended_at=None, attempt=1, loss="taylor", config={})  # fmt: skip
    seen = []
    good.preview_changed.connect(lambda: seen.append(1))
    good.update_runs([record])
    assert seen == []
    good.update_runs([SimpleNamespace(**vars(record) | {"state": "finished", "ended_at": 69.0})])
    assert seen == [1]
    assert ("Time, from 1 past run", "about 1 min 9 s") in [(fact.label, fact.value) for fact in good.facts()]


def test_dotted_values_of_the_results_table_are_merged(good):
    good.merge({"task.name": "rte", "loss.kind": "kl", "student.architecture": "2x128"})
    config = parse_config(good.toml())
    assert (config.task.name, config.loss.kind, config.student.architecture) == ("rte", "kl", "2x128")


def test_values_of_the_results_table_are_merged(good):
    good.merge({"task": {"name": "rte"}, "student": {"architecture": "4x312"}, "loss": {"kind": "kl"}})
    config = parse_config(good.toml())
    assert (config.task.name, config.student.architecture, config.loss.kind) == ("rte", "4x312", "kl")
    assert config.teacher is not None and config.teacher.model == "owner/t"


def test_an_answer_about_another_draft_than_there_is_now_is_dropped(good):
    good._timer.stop()
    good._ask()
    good.set_value("teacher.model", "owner/mended")
    good.set_preview({**ANSWER, "ready": False, "faults": [{"key": "teacher.model", "message": "no such model"}]})
    assert good.can_start() and good.is_checking(), "the fault was of what stood there before"
    good._timer.stop()
    good._ask()
    good.set_preview(ANSWER)
    assert good.state() == ("ready", "good")


def test_a_saved_sample_names_its_tokenizer_for_any_machine(model, tmp_path):
    sample = next(preset for preset in model.presets() if preset.whole)
    model.choose_preset(sample.key)
    here = model.value("student.tokenizer")
    assert Path(here).is_absolute()
    model.save_file(tmp_path / "a.toml")
    for text in ((tmp_path / "a.toml").read_text(encoding="utf-8"), model.command_line(), model.shared_toml()):
        assert (here not in text and 'tokenizer = "program:sample/tokenizer"' in text) or "a.toml" in text
    before = model.toml()
    model.open_file(tmp_path / "a.toml")
    assert model.toml() == before and model.value("student.tokenizer") == here
