"""Thirteen faults found in other distillation toolkits that no error shows: one test each, against what the fault would give.

| no. | the fault | the test sees it by |
|---|---|---|
|  1 | T² missing, or dropped when one weight is 0 | the value at λ = 0, and the gradient's size over T |
|  2 | a divergence averaged over classes, or divided twice by the mask | classes and padding that add nothing change nothing |
|  3 | kept logits looked up by step, wrong after a shuffle | each step's loss is that of its own rows, epoch after epoch |
|  4 | the teacher's label order differs from the task's | its logits come out in the task's order |
|  5 | gradient clipping that forgets the projectors | the norm of all that the optimiser is about to use |
|  6 | a typed option silently ignored | the steps made, and a misspelt key refused |
|  7 | one split's loader overwritten by another's | two splits with opposite labels have opposite scores |
|  8 | a soft loss called KL that is a cross-entropy | 0 at equality |
|  9 | token losses with a mask that is off by one | gradient at exactly the valid tokens |
| 10 | divergences in bfloat16 that go negative | ten thousand values near equality |
| 11 | the last, partial batch skipped | every row seen in every epoch and every evaluation |
| 12 | cliffs at the ends of the JS slider | neighbouring β have neighbouring values |
| 13 | many labels fed to a softmax loss | the configuration is refused with the losses that fit |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine import catalog
from engine.config import parse_leniently
from engine.data.batches import BatchSize, TrainingBatches, evaluation_batches
from engine.data.split import Split
from engine.data.tokenising import Encoding
from engine.events import Event, Metrics
from engine.losses import js, kl
from engine.losses.objective import Objective
from engine.models.load import output_order
from engine.training.adamw import AdamW
from engine.training.evaluate import evaluate, predict
from engine.training.inside import LiveInside
from engine.training.lesson import FeatureLesson
from engine.training.loop import Course, Evaluation, Fitted, fit
from engine.training.step import Learner
from engine.types import Body, FeatureInputs, LossInputs, LossSettings, Task

CPU = torch.device("cpu")


def logits(rows: int = 12, classes: int = 4, seed: int = 0, scale: float = 2.0) -> Tensor:
    return scale * torch.randn(rows, classes, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def one_hot(z: Tensor) -> Tensor:
    return torch.eye(z.shape[1], dtype=z.dtype)[torch.arange(len(z)) % z.shape[1]]


def plain_kl(p: Tensor, f: Tensor) -> float:
    """KL(p ‖ f) of probabilities, mean over rows, by a loop."""
    pairs = zip(p.tolist(), f.tolist(), strict=True)
    return float(np.mean([sum(a * np.log(a / b) for a, b in zip(*row, strict=True)) for row in pairs]))


class Given(nn.Module):
    """A model that gives back the numbers it is given, and has one weight to train, that changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, numbers: Tensor | None = None, input_ids: Tensor | None = None, **more: Any) -> Any:
        if numbers is None:
            assert input_ids is not None  # the first token of a row tells its logits
            numbers = torch.stack([input_ids[:, 0], -input_ids[:, 0], 0 * input_ids[:, 0]], dim=1).float()
        return SimpleNamespace(logits=numbers + 0 * self.unused)


class Rows:
    """Batches of two in another order every epoch, the last one smaller."""

    def __init__(self, inputs: dict[str, Tensor]) -> None:
        self.inputs, self.count = inputs, len(next(iter(inputs.values())))

    @property
    def steps_per_epoch(self) -> int:
        return -(-self.count // 2)

    def order(self, number: int) -> list[Tensor]:
        return list(torch.randperm(self.count, generator=torch.Generator().manual_seed(number)).split(2))

    def epoch(self, number: int) -> Iterator[Any]:
        for part in self.order(number):
            inputs = {name: values[part] for name, values in self.inputs.items()}
            yield SimpleNamespace(inputs=inputs, teacher_inputs=inputs, indices=part, places=0, padded=0)


def trained(
    model: nn.Module,
    rows: Rows,
    targets: Tensor,
    teacher: Tensor | None,
    chosen: LossSettings,
    epochs: int,
    features: FeatureLesson | None = None,
    **more: Any,
) -> tuple[Fitted, list[Event]]:
    """The real loop over the rows; what it emitted."""
    events: list[Event] = []
    learner = Learner(model, Objective(catalog.losses()[chosen.kind], chosen), targets, teacher, features)
    fitted = fit(
        learner, rows, lambda _: Evaluation({}, 0.0), Course(epochs, 0.1, **more), CPU, events.append, lambda: False,
    )  # fmt: skip
    return fitted, events


def read(length: list[int]) -> Encoding:
    """Row n is ``length[n]`` tokens long and begins with token n."""
    starts = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    tokens = np.concatenate([[number] + [99] * (count - 1) for number, count in enumerate(length)]).astype(np.int32)
    return Encoding(tokens, None, starts, 0, padding=0, padding_type=0)


def token_inputs(name: str, mask: Tensor, seed: int = 0) -> tuple[FeatureInputs, Any]:
    """Inputs of a feature loss as it comes, float64, and its settings."""
    loss = catalog.features()[name]
    settings = loss.settings(kind=name)
    body = Body(layers=2, hidden=8, heads=2)
    plan = loss.plan(settings, body, body)
    random = torch.Generator().manual_seed(seed)
    ours, theirs = (
        [torch.randn(*mask.shape, 8, generator=random, dtype=torch.float64) for _ in plan.pairs] for _ in range(2)
    )
    return FeatureInputs(plan, ours, theirs, mask, mask, body, body, progress=1.0), settings


def test_fault_01_t_squared_is_there_whatever_the_weights() -> None:
    student, teacher = logits(rows=64, scale=0.5), logits(rows=64, seed=1, scale=0.5)
    sizes = []
    for T in (1.0, 2.0, 4.0, 8.0):
        divergence = plain_kl((teacher / T).softmax(-1), (student / T).softmax(-1))
        for weight in (0.0, 0.5):
            chosen = kl.Settings(temperature=T, label_weight=weight)
            found = Objective(kl.LOSS, chosen).terms(student, teacher, one_hot(student))["teacher"].weighted.item()
            assert found == pytest.approx((1 - weight) * T**2 * divergence, rel=1e-9)
        leaf = student.clone().requires_grad_()
        Objective(kl.LOSS, chosen).terms(leaf, teacher, one_hot(leaf))["teacher"].weighted.backward()
        sizes.append(leaf.grad.norm().item())
    assert max(sizes) / min(sizes) < 1.3  # without T² they would differ sixty-fourfold


def test_fault_02_neither_the_number_of_classes_nor_padding_divides_a_divergence() -> None:
    student, teacher = logits(), logits(seed=1)
    found = kl.compute(LossInputs(student, teacher, one_hot(student)), kl.Settings(temperature=1)).item()
    assert found == pytest.approx(plain_kl(teacher.softmax(-1), student.softmax(-1)), rel=1e-9)
    impossible = torch.full((12, 4), -1e4, dtype=torch.float64)  # classes no one thinks of
    wider = LossInputs(*(torch.cat([z, impossible], 1) for z in (student, teacher, 0 * teacher)))
    assert kl.compute(wider, kl.Settings(temperature=1)).item() == pytest.approx(found, rel=1e-9)

    for name in ("hidden", "attention", "minilm", "feature_map"):
        inputs, settings = token_inputs(name, torch.ones(2, 3, dtype=torch.bool))
        padded = replace(
            inputs,
            student=[nn.functional.pad(values, (0, 0, 0, 5), value=7.0) for values in inputs.student],
            teacher=[nn.functional.pad(values, (0, 0, 0, 5), value=-7.0) for values in inputs.teacher],
            student_mask=nn.functional.pad(inputs.student_mask, (0, 5)),
            teacher_mask=nn.functional.pad(inputs.teacher_mask, (0, 5)),
        )
        compute = catalog.features()[name].compute
        assert compute(padded, settings).item() == pytest.approx(compute(inputs, settings).item(), rel=1e-9), name


def test_fault_03_kept_logits_belong_to_their_rows_after_every_shuffle() -> None:
    teacher = logits(rows=7, classes=3).float()
    rows = Rows({"numbers": torch.zeros(7, 3)})
    chosen = catalog.losses()["mse_logits"].settings.model_validate({"kind": "mse_logits", "lambda": 0.0})
    _, events = trained(Given(), rows, one_hot(teacher), teacher, chosen, epochs=3)
    found = [
        event.values["train/raw/teacher"]
        for event in events
        if isinstance(event, Metrics)
        if "train/raw/teacher" in event.values
    ]
    by_row = [teacher[part].square().mean().item() for epoch in range(3) for part in rows.order(epoch)]
    by_step = [part.square().mean().item() for part in teacher.split(2)] * 3
    assert found == pytest.approx(by_row, rel=1e-5)
    assert found != pytest.approx(by_step, rel=1e-2)


def test_fault_04_a_teacher_with_its_labels_in_another_order_is_read_in_the_tasks() -> None:
    task = catalog.tasks()["mnli"]
    order = ["contradiction", "entailment", "neutral"]
    assert list(task.labels) != order
    teacher = Given()
    teacher.output_order = output_order(dict(enumerate(order)), task, "a teacher", "teacher.model")  # type: ignore[assignment]
    split = Split("train", np.arange(5), np.zeros((5, 3), np.float32), {"teacher": read([3, 1, 4, 2, 1])})
    found = predict(teacher, split, CPU, None, "teacher")
    numbers = np.arange(5.0)
    own = dict(zip(order, (numbers, -numbers, 0 * numbers), strict=True))  # what Given says for each class
    np.testing.assert_array_equal(found, np.stack([own[label] for label in task.labels], axis=1))


def test_fault_05_projectors_are_clipped_with_the_student(monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import BertConfig, BertForSequenceClassification

    def bert(hidden: int) -> BertForSequenceClassification:
        torch.manual_seed(hidden)
        return BertForSequenceClassification(
            BertConfig(
                vocab_size=30, hidden_size=hidden, num_hidden_layers=2, num_attention_heads=2, intermediate_size=8
            )
        )

    student, teacher = bert(8), bert(16)
    ids = torch.randint(3, 30, (4, 5), generator=torch.Generator().manual_seed(0))
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    hidden = catalog.features()["hidden"].settings(kind="hidden", weight=1000.0)
    lesson = FeatureLesson(
        [hidden], student, LiveInside(teacher, CPU, None), CPU, 0, lambda given: given["attention_mask"].bool()
    )
    lesson.make_projectors(student, inputs, inputs)
    projectors = set(lesson.projectors.parameters())
    assert projectors
    norms: list[float] = []

    step = AdamW.step

    def look(optimiser: AdamW, grad_scale: torch.Tensor | None = None) -> None:
        """What stands in the gradients when the optimiser has taken them: it divides them where they lie."""
        step(optimiser, grad_scale)
        used = [parameter for group in optimiser.param_groups for parameter in group["params"]]
        assert projectors <= set(used), "the projectors are not trained"
        norms.append(torch.stack([p.grad.norm() for p in used if p.grad is not None]).norm().item())
        assert all(p.grad is not None and p.grad.norm() > 0 for p in projectors)

    monkeypatch.setattr(AdamW, "step", look)
    _, events = trained(
        student, Rows(inputs), torch.eye(2)[[0, 1, 0, 1]], None, LossSettings(kind="none"), 2,
        clip_norm=0.01, features=lesson,
    )  # fmt: skip
    lesson.close()
    before = [
        e.values["train/gradient_norm"] for e in events if isinstance(e, Metrics) if "train/gradient_norm" in e.values
    ]
    assert min(before) > 1 and len(norms) == 4
    assert max(norms) == pytest.approx(0.01, rel=1e-2)


def test_fault_06_what_is_typed_is_done_or_refused() -> None:
    rows = Rows({"numbers": torch.zeros(7, 3)})
    for epochs in (1, 5):
        fitted, _ = trained(Given(), rows, torch.eye(3)[[0] * 7], None, LossSettings(kind="none"), epochs)
        assert fitted.steps == epochs * 4
    text = '[task]\nname = "mrpc"\n[loss]\nkind = "none"\n[student]\ntokenizer = "o/t"\n[training]\n'
    config, faults = parse_leniently(text + "epochs = 7\n")
    assert config is not None and config.training.epochs == 7 and not faults
    for line, key in (("epoch = 7", "training.epoch"), ("mrpc_epochs = 7", "training.mrpc_epochs")):
        assert [fault.key for fault in parse_leniently(text + line)[1]] == [key]
    for setting in ("temprature = 3", "gamma = 0.5"):  # gamma is taylor's
        faults = parse_leniently(f'[task]\nname = "mrpc"\n[teacher]\nmodel = "o/m"\n[loss]\nkind = "kl"\n{setting}\n')[
            1
        ]
        assert [fault.key for fault in faults] == [f"loss.{setting.split()[0]}"]


def test_fault_07_each_split_is_scored_on_its_own_rows() -> None:
    task = catalog.tasks()["mnli"]
    read_rows = {"student": read([1, 2, 3, 1])}
    right, wrong = np.array([2, 0, 0, 0]), np.array([1, 1, 1, 1])  # Given's largest logit: class 0 from row 1 on
    splits = {
        name: Split(name, labels, np.eye(3, dtype=np.float32)[labels], read_rows)
        for name, labels in zip(task.evaluation_splits, (right, wrong), strict=True)
    }
    seen = evaluate(Given(), task, splits, CPU, None)
    scores = seen.scores
    first, second = task.evaluation_splits
    assert (scores[first]["accuracy"], scores[second]["accuracy"]) == (0.75, 0.0)
    assert seen.values[f"{first}/accuracy"] == 0.75 and seen.values[f"{second}/accuracy"] == 0.0
    assert seen.key == 0.375


def test_fault_08_what_is_called_a_divergence_is_0_at_equality() -> None:
    teacher = logits()
    entropy = -(teacher.softmax(-1) * teacher.log_softmax(-1)).sum(-1).mean().item()
    assert entropy > 0.5  # what a cross-entropy would give
    for name in ("kl", "reverse_kl", "js", "skew_kl", "tvd", "dkd"):
        loss = catalog.losses()[name]
        assert loss.compute is not None
        inputs = LossInputs(teacher.clone(), teacher, one_hot(teacher))
        assert abs(loss.compute(inputs, loss.settings(kind=name)).item()) < 1e-12, name
    for name, settings in (
        ("hidden", {"distance": "ce"}),
        ("minilm", {}),
        ("minilm", {"version": "2", "relation_heads": 4}),
    ):
        loss_of = catalog.features()[name]
        inputs, _ = token_inputs(name, torch.ones(2, 3, dtype=torch.bool))
        equal = replace(inputs, student=[values.clone() for values in inputs.teacher])
        chosen = loss_of.settings.model_validate({"kind": name, **settings})
        assert abs(loss_of.compute(equal, chosen).item()) < 1e-12, name


def test_fault_09_the_mask_is_in_its_place() -> None:
    mask = torch.tensor([[1, 1, 1, 1, 0, 0], [1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]], dtype=torch.bool)
    of_tokens = [name for name, loss in catalog.features().items() if loss.weighed_by == "tokens"]
    assert {"hidden", "attention", "minilm"} <= set(of_tokens)
    for name in of_tokens:
        inputs, settings = token_inputs(name, mask)
        leaves = [values.requires_grad_() for values in inputs.student]
        catalog.features()[name].compute(inputs, settings).backward()
        touched = torch.stack([leaf.grad.abs().sum(-1) > 0 for leaf in leaves if leaf.grad is not None]).any(0)
        assert torch.equal(touched, mask), name


@pytest.mark.parametrize("autocast", [False, True], ids=["", "autocast"])
def test_fault_10_in_bfloat16_no_divergence_goes_negative(autocast: bool) -> None:
    teacher = logits(rows=10_000, scale=1.0)
    student = teacher + 1e-3 * logits(rows=10_000, seed=1)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        half = torch.stack([student, teacher]).bfloat16()
        p, f = half[1].softmax(-1), half[0].softmax(-1)
        careless = (p * (p.log() - f.log())).sum(-1)  # as it is often written
        assert careless.min() < 0
        for name in ("kl", "reverse_kl", "js", "skew_kl", "tvd"):
            loss = catalog.losses()[name]
            assert loss.compute is not None
            found = loss.compute(LossInputs(half[0], half[1], one_hot(half[1])), loss.settings(kind=name))
            assert found.dtype == torch.float32 and found.item() >= 0, name
        mask = torch.ones(8, 6, dtype=torch.bool)
        for name in ("minilm", "attention", "hidden", "rkd", "cka"):
            inputs, settings = token_inputs(name, mask)
            near = [(values + 1e-3 * torch.randn_like(values)).bfloat16() for values in inputs.teacher]
            inputs = replace(inputs, student=near, teacher=[values.bfloat16() for values in inputs.teacher])
            found = catalog.features()[name].compute(inputs, settings)
            assert found.dtype == torch.float32 and found.item() >= 0, name


def test_fault_11_the_last_smaller_batch_is_trained_on_and_scored() -> None:
    encoding = read([3, 1, 2, 5, 4, 2, 1])
    batches = TrainingBatches(encoding, BatchSize(3), seed=0)
    for epoch in range(3):
        seen = [batch.indices.tolist() for batch in batches.epoch(epoch)]
        assert len(seen) == batches.steps_per_epoch == 3
        assert sorted(chain(*seen)) == list(range(7))
    scored = [batch.indices.tolist() for batch in evaluation_batches(encoding, 9)]
    assert sorted(chain(*scored)) == list(range(7))
    split = Split("validation", np.zeros(7, np.int64), np.zeros((7, 3), np.float32), {"student": encoding})
    np.testing.assert_array_equal(predict(Given(), split, CPU, None)[:, 0], np.arange(7.0))


def test_fault_12_the_js_slider_has_no_cliffs() -> None:
    student, teacher = logits(), logits(seed=1)
    inputs = LossInputs(student, teacher, one_hot(student))
    betas = np.linspace(0, 1, 201)
    values = np.array([js.compute(inputs, js.Settings(temperature=1, beta=float(beta))).item() for beta in betas])
    assert np.abs(np.diff(values)).max() < 0.1 * values.max()
    undivided = values * betas * (1 - betas)  # as it is often written: nothing is learnt at the ends
    assert undivided[1] < 0.02 * values[1] and undivided[0] == 0 and values[0] > 0.1
    p, f = teacher.softmax(-1), student.softmax(-1)
    assert values[[0, -1]] == pytest.approx([plain_kl(p, f), plain_kl(f, p)], rel=1e-6)


def test_fault_13_many_labels_are_not_fed_to_a_softmax(monkeypatch: pytest.MonkeyPatch) -> None:
    many = Task(
        name="topics", title="Topics", about="any number of topics", text_columns=("text",), kind="multi_label",
        metrics=("f1",), labels=("sport", "money", "weather"),
    )  # fmt: skip
    known = {**catalog.tasks(), "topics": many}
    monkeypatch.setattr(catalog, "tasks", lambda: known)
    for name, loss in catalog.losses().items():
        text = f'[task]\nname = "topics"\n[teacher]\nmodel = "o/m"\n[loss]\nkind = "{name}"\n'
        said = {fault.key: fault.message for fault in parse_leniently(text)[1]}
        if name in ("none", "mse_logits"):  # no softmax in either
            assert "multi_label" in loss.kinds and not said
        else:
            assert "Topics is multi-label; choose one of none, mse_logits" in said["loss.kind"], name
    # and the labels themselves: independent yes and no, not a softmax that must share 1 between two topics
    z = torch.tensor([[20.0, 20.0, -20.0]])
    both = torch.tensor([[1.0, 1.0, 0.0]])
    none = catalog.losses()["none"]
    chosen = none.settings(kind="none")
    assert Objective(none, chosen, "multi_label").terms(z, None, both)["labels"].raw.item() < 1e-6
    assert Objective(none, chosen).terms(z, None, both)["labels"].raw.item() > 1
