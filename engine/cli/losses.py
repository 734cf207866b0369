"""``distill losses``: every loss there is, what it is, what it reads, where it is from, and what its tests prove of it.

What is said to be proved follows from a loss's declarations, which the contract tests hold it to. Never imports torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from engine import catalog
from engine.cli.terminal import say, say_json, terminal
from engine.errors import EngineError
from engine.types import FeatureLoss, Loss

LOSSES = "tests/engine/losses"
LABELS = 11  # columns of a terminal for names and labels, the longest of which is feature_map
Proof = tuple[str, str]  # what is proved, and the test that proves it


def print_losses(names: Sequence[str], as_json: bool) -> None:
    """Print the losses of these names, all if there are none: wrapped on a terminal, one line a fact where it is none, or
    as JSON. Raises EngineError for a name that no loss has."""
    content = described_losses()
    known = [name for losses in content.values() for name in losses]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise EngineError(f"There is no loss “{unknown[0]}”; choose one of {', '.join(known)}.")
    if names:
        content = {
            group: {name: loss for name, loss in losses.items() if name in names} for group, losses in content.items()
        }
    if as_json:
        say_json(content)
        return
    console = terminal()
    for title, losses in (("Response losses", content["response"]), ("Feature losses", content["features"])):
        if not losses:
            continue
        if console.is_terminal:
            console.print(Text(title, style="bold underline"))
            for name, loss in losses.items():
                console.print(_card(name, loss))
                console.print()
        else:
            say(title)
            for name, loss in losses.items():
                say(f"{name}: {loss['title']}")
                for label, text in _facts(loss):
                    say(f"  {label}: {text}")
                say()


def described_losses() -> dict[str, dict[str, Any]]:
    """{"response": …, "features": …}, each {name: title, formula with the default settings, needs, source, tested}."""
    return {
        "response": {name: _response(loss) for name, loss in catalog.losses().items()},
        "features": {name: _feature(loss) for name, loss in catalog.features().items()},
    }


def _response(loss: Loss) -> dict[str, Any]:
    formula = loss.formula(loss.settings(kind=loss.name)) or "CE(y)"
    tested = list(response_proofs(loss))
    return {**_common(loss, formula, loss.needs, tested), "tasks": list(loss.kinds)}


def _feature(loss: FeatureLoss) -> dict[str, Any]:
    settings = loss.settings.model_validate({"kind": loss.name})
    return _common(loss, loss.formula(settings), loss.needs(settings), list(feature_proofs(loss)))


def _common(loss: Loss | FeatureLoss, formula: str, needs: str, tested: list[Proof]) -> dict[str, Any]:
    return {
        "title": loss.title,
        "summary": loss.summary,
        "formula": formula,
        "needs": needs,
        "source": loss.source,
        "tested": [{"property": said, "test": test} for said, test in tested],
    }


def response_proofs(loss: Loss) -> Iterator[Proof]:
    """What the contract of the response losses, and the reference, prove of this one."""
    contract = f"{LOSSES}/test_contract.py::"
    if not loss.needs_teacher:
        yield "is the whole total: no other term, weight 1", f"{contract}test_terms_add_up_to_the_papers_total"
        return
    yield "equals a float64 reference of its formula", f"{LOSSES}/test_values.py"
    equality = f"{contract}test_zero_at_equality_where_the_definition_says_so"
    yield ("0 at equality" if loss.zero_at_equality else "not 0 at equality, by definition"), equality
    yield (
        "gradient to the student, never the teacher",
        f"{contract}test_gradient_reaches_the_student_and_never_the_teacher",
    )
    splits = f"{contract}test_value_does_not_depend_on_how_a_batch_is_split"
    yield ("independent of how a batch is split" if loss.splits_alike else "relates the rows of a batch"), splits
    yield "finite for logits of ±1e4, with its gradient", f"{contract}test_extreme_logits_stay_finite"
    yield "finite for one example", f"{contract}test_one_class_and_one_example_stay_finite"
    half = f"{contract}test_half_precision_is_widened_and_never_negative_where_zero_is_least"
    yield f"bfloat16 computed as float32{', never below 0' if loss.zero_at_equality else ''}", half
    yield "whole at λ = 0, silent at λ = 1", f"{contract}test_no_term_is_dropped_at_the_ends_of_lambda"


def feature_proofs(loss: FeatureLoss) -> Iterator[Proof]:
    """What the contract of the feature losses, and the reference, prove of this one."""
    contract = f"{LOSSES}/features/test_contract.py::"
    yield "equals a float64 reference of its formula", f"{LOSSES}/features/test_{loss.name}.py"
    equality = f"{contract}test_zero_at_equality_where_the_definition_says_so"
    yield ("0 at equality" if loss.zero_at_equality else "not 0 at equality, by definition"), equality
    yield (
        "gradient to the student, never the teacher",
        f"{contract}test_gradient_reaches_the_student_and_never_the_teacher",
    )
    splits = f"{contract}test_value_does_not_depend_on_how_a_batch_is_split"
    kept = {
        "rows": "independent of how a batch is split, by rows",
        "tokens": "independent of how a batch is split, by valid tokens",
        "": "relates the rows of a batch",
    }
    yield kept[loss.weighed_by], splits
    yield "finite for values of ±1e4, with its gradient", f"{contract}test_extreme_values_stay_finite"
    small = f"{contract}test_one_row_one_token_and_rows_of_padding_stay_finite"
    yield "finite for one row, one token, rows of padding", small
    yield "padding without influence", f"{contract}test_what_padding_holds_has_no_influence"
    half = f"{contract}test_half_precision_is_widened_and_never_negative_where_zero_is_least"
    yield f"bfloat16 computed as float32{', never below 0' if loss.zero_at_equality else ''}", half
    yield "the same under autocast", f"{contract}test_autocast_changes_nothing"
    alike = f"{contract}test_only_an_aligned_loss_needs_the_same_tokens"
    yield ("needs one tokenizer for both models" if loss.aligned else "works across tokenizers"), alike
    fit = f"{contract}test_two_bodies_work_or_are_refused_in_a_sentence"
    yield "models that do not fit are refused in a sentence", fit


def _facts(loss: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Label and text of each line; a loss without a source has none."""
    yield "formula", loss["formula"]
    yield "needs", loss["needs"]
    if loss["source"]:
        yield "source", loss["source"]
    if "tasks" in loss:
        yield "tasks", ", ".join(loss["tasks"]).replace("_", "-")
    yield "tested", "; ".join(proof["property"] for proof in loss["tested"])


def _card(name: str, loss: dict[str, Any]) -> Table:
    """One loss on a terminal: its name and title, then its facts, wrapped beside their labels."""
    card = Table.grid(padding=(0, 2, 0, 0))
    card.add_column(no_wrap=True, width=LABELS)
    card.add_column(overflow="fold", ratio=1)
    card.add_row(Text(name, style="bold"), Text(loss["title"], style="bold"))
    for label, text in _facts(loss):
        card.add_row(Text(f"  {label}", style="dim"), Text(text))
    return card
