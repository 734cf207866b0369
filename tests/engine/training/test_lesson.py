"""Feature terms at run time: what is compared, what is trained, and that both models stay as they were."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification

from engine import catalog
from engine.errors import ModelError
from engine.losses.term import Term
from engine.training.inside import LiveInside
from engine.training.lesson import FeatureLesson, named_terms, plans_of, reference_of
from engine.types import Body, FeatureInputs, FeatureSettings

INPUTS = {
    "input_ids": torch.tensor([[2, 7, 9, 3], [2, 5, 3, 0]]),
    "attention_mask": torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]]),
}
LOGIT_TERMS = {"labels": Term(torch.tensor(2.0), 0.25), "teacher": Term(torch.tensor(4.0), 0.75)}


def model(layers: int, hidden: int, seed: int = 0) -> BertForSequenceClassification:
    torch.manual_seed(seed)
    shape = BertConfig(
        vocab_size=50, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=2, intermediate_size=24
    )
    return BertForSequenceClassification(shape)


def settings(kind: str, **chosen: Any) -> FeatureSettings:
    return catalog.features()[kind].settings.model_validate({"kind": kind, **chosen})


def lesson(student: Any, teacher: Any, *chosen: FeatureSettings, seed: int = 0) -> FeatureLesson:
    cpu = torch.device("cpu")
    live = LiveInside(teacher, cpu, None)
    found = FeatureLesson(chosen, student, live, cpu, seed, lambda inputs: inputs["attention_mask"].bool())
    found.make_projectors(student, INPUTS, INPUTS)
    return found


def taught(one: FeatureLesson, student: Any, progress: float = 0.0) -> dict[str, Term]:
    with one.student_tap.listening():
        student(**INPUTS)
    return one.terms(INPUTS, INPUTS, progress, LOGIT_TERMS)


def test_a_term_is_its_loss_over_the_states_transformers_returns() -> None:
    student, teacher = model(2, 16), model(4, 16, 1)
    student.eval()
    found = taught(lesson(student, teacher, settings("hidden", distance="mse")), student)["hidden"]
    with torch.no_grad():
        ours = student(**INPUTS, output_hidden_states=True).hidden_states
        theirs = teacher(**INPUTS, output_hidden_states=True).hidden_states
    valid = INPUTS["attention_mask"].bool()
    by_hand = [(ours[s] - theirs[t])[valid].square().mean() for s, t in ((1, 2), (2, 4))]
    assert found.raw.item() == pytest.approx(torch.stack(by_hand).mean().item(), rel=1e-5)


def test_each_model_reads_the_rows_in_its_own_tokens() -> None:
    student, teacher = model(2, 16).eval(), model(4, 16, 1)
    theirs = {
        "input_ids": torch.tensor([[4, 6, 8, 1, 3, 5], [4, 9, 3, 0, 0, 0]]),
        "attention_mask": torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0]]),
    }
    one = lesson(student, teacher, settings("pkd", layers="final"))
    seen: list[FeatureInputs] = []
    term = one.terms_by_name["pkd"]
    term.loss = replace(term.loss, compute=lambda inputs, _: seen.append(inputs) or inputs.student[0].sum())
    with one.student_tap.listening():
        student(**INPUTS)
    one.terms(INPUTS, theirs, 0.5, LOGIT_TERMS)
    (found,) = seen
    with torch.no_grad():
        own, other = student(**INPUTS, output_hidden_states=True), teacher(**theirs, output_hidden_states=True)
    assert torch.equal(found.student[0], own.hidden_states[2]) and torch.equal(found.teacher[0], other.hidden_states[4])
    assert torch.equal(found.student_mask, INPUTS["attention_mask"].bool())
    assert torch.equal(found.teacher_mask, theirs["attention_mask"].bool()) and found.progress == 0.5


def test_projectors_are_made_only_where_widths_differ_and_learn_with_the_student() -> None:
    narrow, same = model(2, 8), model(2, 16)
    assert len(lesson(same, model(4, 16, 1), settings("hidden")).projectors["hidden"]) == 0
    one = lesson(narrow, model(4, 16, 1), settings("hidden"))
    assert {tuple(p.weight.shape) for p in one.projectors["hidden"].values()} == {(16, 8)}
    taught(one, narrow)["hidden"].weighted.backward()
    assert all(
        parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in one.projectors.parameters()
    )


def test_projectors_depend_on_the_seed_alone_and_leave_the_run_s_random_numbers() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    student, teacher = model(2, 8), model(2, 16, 1)
    torch.manual_seed(3)
    first, again, other = (lesson(student, teacher, settings("hidden"), seed=seed) for seed in (5, 5, 6))
    assert torch.equal(torch.rand(2), expected)
    weights = [next(iter(found.projectors.parameters())) for found in (first, again, other)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_the_teacher_is_never_touched() -> None:
    student, teacher = model(2, 16), model(2, 16, 1).train()
    before = {name: weight.clone() for name, weight in teacher.state_dict().items()}
    taught(lesson(student, teacher, settings("hidden"), settings("attention")), student)["hidden"].weighted.backward()
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert all(torch.equal(weight, before[name]) for name, weight in teacher.state_dict().items())
    assert not teacher.training  # no dropout in what it teaches


def test_weights_follow_the_schedule_and_the_logit_term() -> None:
    student, teacher = model(2, 16), model(2, 16, 1)
    one = lesson(
        student, teacher, settings("hidden", weight=2.0, schedule="rise"), settings("hidden", dynamic=True, weight=3.0)
    )
    found = taught(one, student, progress=0.25)
    assert float(found["hidden"].weight) == pytest.approx(0.5)
    assert found["hidden-2"].weighted.item() == pytest.approx(3.0 * 0.75 * 4.0, rel=1e-5)


def test_the_reference_is_the_teacher_s_term_unless_it_is_silent() -> None:
    assert reference_of(LOGIT_TERMS).item() == 3.0
    silent = {"labels": Term(torch.tensor(2.0), 1.0), "teacher": Term(torch.tensor(4.0), 0.0)}
    assert reference_of(silent).item() == reference_of({"labels": silent["labels"]}).item() == 2.0


def test_names_are_told_apart_by_a_number() -> None:
    names = [name for name, _, _ in named_terms([settings("hidden"), settings("cka"), settings("hidden")])]
    assert names == ["hidden", "cka", "hidden-2"]


def test_a_term_that_does_not_fit_is_named() -> None:
    chosen = [settings("hidden"), settings("hidden", layers=[[5, 1]])]
    with pytest.raises(ModelError, match=r"^features\.2: the student has no layer 5: it has 2"):
        plans_of(chosen, Body(2, 16, 2), Body(4, 16, 2))


@pytest.mark.parametrize("width", [16, 8], ids=["as wide as the teacher", "projected"])
@pytest.mark.parametrize("kind", ["cka", "pkd"])
def test_modules_of_different_shape_are_refused_before_the_start(kind: str, width: int) -> None:
    chosen = settings(kind, layers=[["bert.pooler", "bert.encoder.layer.0"]])
    with pytest.raises(ModelError, match=r"bert\.pooler gives a tensor of 2 dimensions .* one of 3"):
        lesson(model(2, width), model(2, 16, 1), chosen)


@pytest.mark.parametrize("path", ["bert.encoder.layer", "bert.encoder.layer.0.attention.self.dropout"])
def test_a_module_that_is_never_run_is_refused(path: str) -> None:
    for pair in ([path, "bert.encoder.layer.0"], [1, path]):
        with pytest.raises(ModelError, match=rf"features, hidden: {re.escape(path)} is never run by itself"):
            lesson(model(2, 16), model(2, 16, 1), settings("hidden", layers=[pair]))


def test_a_module_whose_rows_are_not_the_batch_s_is_refused() -> None:
    path = "bert.embeddings.position_embeddings"
    with pytest.raises(ModelError, match=r"position_embeddings gives \(1, 4, 16\) for 2 rows of 4 tokens"):
        lesson(model(2, 16), model(2, 16, 1), settings("pkd", layers=[[path, path]]))


def test_a_head_whose_classes_stand_in_another_order_is_refused() -> None:
    student, teacher = model(2, 16), model(2, 16, 1)
    chosen = settings("hidden", layers=[["classifier", "classifier"]])
    lesson(student, teacher, chosen)
    teacher.output_order = [1, 0]
    with pytest.raises(
        ModelError, match="classifier belongs to the teacher's head, whose classes stand in another order"
    ):
        lesson(student, teacher, chosen)
    lesson(student, teacher, settings("hidden", layers=[["bert.pooler", "bert.pooler"], [1, 1]]))


def test_making_projectors_leaves_the_gpus_random_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    seeded: list[int] = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    student, teacher = model(2, 8), model(2, 16, 1)
    seeded.clear()
    lesson(student, teacher, settings("hidden"))
    assert not seeded


def test_hooks_are_gone_when_it_is_over(tmp_path: Path) -> None:
    student, teacher = model(2, 16), model(2, 16, 1)
    lesson(student, teacher, settings("minilm"), settings("hidden")).close()
    assert not any(module._forward_hooks for one in (student, teacher) for module in one.modules())


def test_the_alpha_of_a_term_that_is_over_stays_where_it_was() -> None:
    student, teacher = model(2, 16), model(2, 16, 1)
    chosen = settings("feature_map", training="layer_by_layer", transfer_share=0.5, dynamic=True)
    one = lesson(student, teacher, chosen)
    during = [taught(one, student, progress=progress)["feature_map"] for progress in (0.0, 0.4)]
    after = [taught(one, student, progress=0.8)["feature_map"] for _ in range(3)]
    assert [term.weighted.item() for term in after] == [0.0] * 3
    assert {float(term.weight) for term in after} == {float(during[-1].weight)}
