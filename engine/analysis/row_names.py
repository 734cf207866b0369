"""What the rows of the table are called: in the fewest words that tell them apart. Knows settings, no scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from engine import catalog
from engine.analysis.feature_terms import comparable, differing_settings, term_title
from engine.analysis.methods import NO_TEACHER, Method
from engine.config import layers_and_hidden

if TYPE_CHECKING:
    from engine.types import Loss

MOST_SETTINGS = 4  # in a row's name


@dataclass(frozen=True)
class Title:
    """A row's name; ``left_out`` are the settings it has no room for."""

    text: str
    left_out: tuple[str, ...] = ()


def titles_of(
    rows: Sequence[Method],
    shown: Sequence[Iterable[str]],
    losses: Mapping[str, Loss],
    everywhere: Iterable[Method] = (),
) -> list[Title]:
    """The names of rows that stand in one block: the objective, then the settings in ``shown``, a set for each row.

    Of a feature term, what is not at its default or differs ``everywhere`` is told.
    Where a name would tell more than ``MOST_SETTINGS``, it tells those that set it apart from the others of its objective.
    """
    differing_terms = differing_settings([*(row.features for row in rows), *(row.features for row in everywhere)])
    leads = [objective_title(row, losses, differing_terms) for row in rows]
    titles = []
    for place, (row, lead, wanted) in enumerate(zip(rows, leads, map(set, shown), strict=True)):
        settings = row.settings
        texts = {
            key: text for key in _reading_order(settings) if key in wanted if (text := setting_text(key, settings[key]))
        }
        others = [other.settings for at, other in enumerate(rows) if at != place and leads[at] == lead]
        told = list(texts) if len(texts) <= MOST_SETTINGS else _telling(list(texts), settings, others)
        left_out = tuple(text for key, text in texts.items() if key not in told)
        more = [f"{len(left_out)} more differ{'s' if len(left_out) == 1 else ''}"] if left_out else []
        titles.append(Title(" · ".join([lead, *(texts[key] for key in texts if key in told), *more]), left_out))
    return titles


def objective_title(method: Method, losses: Mapping[str, Loss], differing_terms: Iterable[tuple[str, str]] = ()) -> str:
    """Loss and feature terms: "Vanilla KD + hidden (mse)"."""
    loss = losses.get(method.kind)
    lead = loss.title if loss else method.kind
    if method.features and method.kind == NO_TEACHER:
        lead = "Labels"
    return " + ".join([lead, *(term_title(term, differing_terms, catalog.features()) for term in method.features)])


def _telling(keys: list[str], mine: Mapping[str, Any], others: list[dict[str, Any]]) -> set[str]:
    """The keys that set a row apart from ``others``, filled up in order to ``MOST_SETTINGS``; more only where they must."""
    told: set[str] = set()
    alike = others

    def like_me(key: str) -> list[dict[str, Any]]:
        return [other for other in alike if comparable(other.get(key)) == comparable(mine.get(key))]

    while len(told) < len(keys):
        best = min((key for key in keys if key not in told), key=lambda key: len(like_me(key)))
        if len(told) >= MOST_SETTINGS and len(like_me(best)) == len(alike):
            break
        alike = like_me(best)
        told.add(best)
    return told


def unusual_loss_settings(method: Method, losses: Mapping[str, Loss]) -> set[str]:
    """The keys of the loss that are not at their default, and a temperature other than 1."""
    loss = losses.get(method.kind)
    if loss is None:
        return set(method.loss)
    defaults = {f"loss.{info.alias or name}": info.default for name, info in loss.settings.model_fields.items()}
    # T = 1 goes without saying in every loss, whatever its default.
    defaults["loss.temperature"] = 1.0
    return {key for key, value in method.loss.items() if defaults.get(key) != value}


def _reading_order(settings: Mapping[str, Any]) -> list[str]:
    first = ["loss.temperature", "loss.lambda", "loss.gamma"]
    last = [key for key in settings if key.endswith(".tokenizer")]  # follows from the model, mostly
    rest = sorted(key for key in settings if key not in first and key not in last)
    return [key for key in first if key in settings] + rest + sorted(last)


_STARTS = {"random": "random start", "pretrained": "pre-trained", "layers": "teacher’s layers"}


def setting_text(key: str, value: Any) -> str:
    """A setting in a few characters: "T 2", "λ .3", "3 epochs", "lr 5e-05"."""
    if value is None:
        return ""
    number = f"{value:g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
    short = number.replace("0.", ".", 1) if number.startswith("0.") else number
    signs = {"loss.temperature": "T", "loss.lambda": "λ", "loss.gamma": "γ"}
    if key in signs:
        return f"{signs[key]} {short}"
    words = {
        "loss.standardise": "z-scored logits" if value else "logits as they are",
        "training.precision": "automatic precision" if value == "auto" else number,
        "training.epochs": f"{number} epoch{'' if value == 1 else 's'}",
        "training.batch_size": f"batch {number}",
        "training.learning_rate": f"lr {number}",
        "task.max_length": f"length {number}",
        "task.source": f"rows from {reference_name(str(value))}",
        "teacher.model": f"teacher {reference_name(str(value))}",
        "teacher.training": "fine-tuned teacher" if value == "fine_tune" else "teacher as is",
        "teacher.epochs": f"teacher {number} epoch{'' if value == 1 else 's'}",
        "student.init": _STARTS.get(number, number),
    }  # fmt: skip
    if key in words:
        return words[key]
    section, _, name = key.rpartition(".")
    owner = "" if section in ("loss", "training") else f"{section} "
    if isinstance(value, bool):
        return f"{owner}{'' if value else 'not '}{name.replace('_', ' ')}"
    if name == "tokenizer":
        number = reference_name(number)
    return f"{owner}{name.replace('_', ' ')} {number}"


def reference_name(reference: str) -> str:
    """The last part of a folder or hub id."""
    return PurePath(reference.replace("\\", "/")).name or reference


def architecture_title(architecture: str) -> str:
    """ "2 × 128" for 2x128; the last part of a folder or hub id."""
    shape = layers_and_hidden(architecture)
    return f"{shape[0]} × {shape[1]}" if shape else reference_name(architecture)


def teacher_title(settings: Mapping[str, Any], shown: Iterable[str]) -> str:
    """The teacher's name and how it was trained: "all-MiniLM-L6-v2 · fine-tuned"."""
    if layers_and_hidden(str(settings.get("teacher.model", ""))):
        how = "trained from scratch"
    else:
        how = "fine-tuned" if settings.get("teacher.training") == "fine_tune" else "as it is"
    named = {"teacher.model", "teacher.training"}
    more = [setting_text(key, settings.get(key)).removeprefix("teacher ") for key in sorted(set(shown) - named)]
    return " · ".join([architecture_title(str(settings.get("teacher.model", ""))), how, *filter(None, more)])
