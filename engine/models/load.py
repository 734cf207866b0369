"""Loads classifiers and tokenizers through transformers: safetensors, no remote code, float32; offline for folders."""

from __future__ import annotations

import re
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from engine.errors import EngineError, ModelError
from engine.models.bert_folder import Read, is_plain_bert, read_bert
from engine.models.bert_settings import words_of
from engine.models.bert_tokenizer import read_bert_tokenizer
from engine.models.contained import must_be_contained
from engine.models.folder import has_tokenizer, is_local, look_at_model
from engine.models.hub import silence_of_hub, silent_sentence
from engine.types import Task
from engine.visible import cut, on_one_line, without_secrets

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel


_ADVICE = "For more information check"  # httpx's, of what a status means
_KIND = re.compile(r"\b\w*(?:Error|Exception): ")  # of an error that another one quotes
_CLASS = re.compile(r"<class '[\w.]*?(\w+)'>")  # as Python shows a class to programmers


def task_settings(task: Task) -> dict[str, Any]:
    """What a model's config says of the task's outputs."""
    names = task.labels or ("score",)
    return {
        "num_labels": task.outputs,
        "id2label": dict(enumerate(names)),
        "label2id": {name: number for number, name in enumerate(names)},
        "problem_type": "regression" if task.kind == "regression" else "single_label_classification",
    }


def quiet_transformers() -> None:
    """No bars and no advice of transformers' own: the run's log and progress say what matters."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def load_classifier(reference: str, task: Task, key: str, *, weights_only: bool, trained_head: bool) -> PreTrainedModel:
    """A sequence classifier in float32 with the task's outputs; a new head is drawn from torch's generator if it has none.

    ``trained_head`` refuses a model whose head does not come with it. Raises ModelError.
    """
    facts = look_at_model(reference, weights_only, key)  # refuses what may not be loaded
    plain = is_local(reference) and is_plain_bert(facts)
    with in_sentences(reference, key):
        names, has_head = _head_of(facts.config) if plain else _head_of(config_of(reference, key).to_dict())
        if trained_head and not has_head:
            raise ModelError(
                f'{key}: {reference} has no classification head trained on a task; choose training = "fine_tune".'
            )
        if trained_head and len(names) != task.outputs:
            raise ModelError(
                f"{key}: {reference} has {len(names)} outputs, the task {task.title} needs {task.outputs}; choose a model "
                'trained on this task, or training = "fine_tune".'
            )
        settings = task_settings(task) if not trained_head else {"problem_type": task_settings(task)["problem_type"]}
        read = (
            read_bert(facts, settings) if plain else _by_transformers(reference, settings, weights_only, trained_head)
        )
    model = read.model
    missing = sorted(read.missing)
    if trained_head and missing:
        raise ModelError(
            f'{key}: {reference} lacks the weights of {", ".join(missing[:3])}; choose training = "fine_tune".'
        )
    body = [name for name in missing if name.startswith(f"{model.base_model_prefix}.") and "pooler" not in name]
    if body:
        raise ModelError(f"{key}: {reference} lacks the weights of {', '.join(body[:3])}; its files are not complete.")
    own = f"{model.base_model_prefix}."
    misfits = sorted(name for name in read.mismatched if trained_head or name.startswith(own))
    if misfits:  # a head of another size is drawn anew; a body never is, it would be random without a word
        raise ModelError(
            f"{key}: in {reference} the weights of {', '.join(misfits[:3])} have other sizes than its config.json says; "
            "its files do not belong together."
        )
    if trained_head:
        model.output_order = output_order(names, task, reference, key)  # type: ignore[assignment]
    return model


def _head_of(said: dict[str, Any]) -> tuple[dict[int, str], bool]:
    """Of a config.json, the words of the outputs, and whether the model comes with a head for them."""
    return words_of(said)[0], any("ForSequenceClassification" in name for name in said.get("architectures") or [])


def _by_transformers(reference: str, settings: dict[str, Any], weights_only: bool, trained_head: bool) -> Read:
    import torch
    from transformers import AutoModelForSequenceClassification

    quiet_transformers()
    model, info = AutoModelForSequenceClassification.from_pretrained(
        reference,
        **settings,
        output_attentions=False,  # whatever its config.json wants besides logits: nobody reads it, and a student
        output_hidden_states=False,  # that wants it could not be saved in the end
        dtype=torch.float32,
        trust_remote_code=False,
        use_safetensors=None if weights_only else True,  # None: a pickle where there is nothing better
        weights_only=True,
        local_files_only=is_local(reference),
        ignore_mismatched_sizes=not trained_head,
        output_loading_info=True,
    )
    return Read(model, tuple(info["missing_keys"]), tuple(name for name, *_ in info["mismatched_keys"]))


def output_order(names: dict[int, str], task: Task, reference: str, key: str) -> list[int] | None:
    """Which of the model's outputs is each class of the task, where its label names say so; None for the same order.

    Names such as LABEL_0, and other words for the classes, say nothing and are taken as the task's order.
    """
    if task.kind != "classification":
        return None
    found = [str(names.get(number, "")).strip().lower() for number in range(len(task.labels))]
    wanted = [label.strip().lower() for label in task.labels]
    if found == wanted or all(name.startswith("label_") or not name for name in found):
        return None
    if sorted(found) != sorted(wanted):
        return None  # other words for the classes: their order cannot be told from the names
    return [found.index(name) for name in wanted]


def config_of(reference: str, key: str) -> PretrainedConfig:
    """The config of a folder or hub id. Raises ModelError in a sentence."""
    from transformers import AutoConfig

    with in_sentences(reference, key):
        return AutoConfig.from_pretrained(reference, trust_remote_code=False, local_files_only=is_local(reference))


def load_tokenizer(reference: str, key: str) -> Any:
    """A fast tokenizer of a folder or hub id. Raises ModelError in a sentence."""
    from transformers import AutoTokenizer

    quiet_transformers()
    lacking = f"{key}: {reference} has no tokenizer; give the folder of a tokenizer."
    if not has_tokenizer(reference):
        raise ModelError(lacking)
    if is_local(reference):
        must_be_contained(Path(reference), key)
    with in_sentences(reference, key):
        tokenizer = AutoTokenizer.from_pretrained(
            reference, trust_remote_code=False, use_fast=True, local_files_only=is_local(reference)
        )
        if len(tokenizer) <= len(
            tokenizer.all_special_tokens
        ):  # what transformers makes where there are no files for one
            silence = "" if is_local(reference) else silence_of_hub(reference)
            raise ModelError(f"{key}: {silent_sentence(reference, silence)}" if silence else lacking)
    if tokenizer.pad_token_id is None:
        raise ModelError(f"{key}: the tokenizer {reference} has no padding token; choose that of an encoder.")
    return tokenizer


def load_row_tokenizer(reference: str, key: str) -> Any:
    """A tokenizer as far as rows are read with it: without transformers where it is BERT's own. Raises ModelError."""
    plain = None
    if is_local(reference):
        must_be_contained(Path(reference), key)
        with in_sentences(reference, key):
            plain = read_bert_tokenizer(Path(reference))
    return load_tokenizer(reference, key) if plain is None else plain


class in_sentences:
    """Turns whatever transformers raises about a reference into one ModelError sentence; a silent hub is not asked for long."""

    def __init__(self, reference: str, key: str) -> None:
        self._reference, self._key = reference, key

    def __enter__(self) -> None:
        self._silence = "" if is_local(self._reference) else silence_of_hub(self._reference)

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        from safetensors import SafetensorError

        if error is None or kind is None:
            return
        if isinstance(error, UnpicklingError):
            raise ModelError(
                f"{self._key}: the pickle in {self._reference} holds more than weights and was not loaded; "
                "get the model as safetensors."
            ) from None
        # its files are wrong, whatever the type; a library in Rust that gives up raises what is no Exception
        if (isinstance(error, Exception) or kind.__name__ == "PanicException") and not isinstance(error, EngineError):
            if self._silence and isinstance(error, OSError | ValueError) and not isinstance(error, UnicodeError):
                raise ModelError(f"{self._key}: {silent_sentence(self._reference, self._silence)}") from error
            lines = without_secrets(str(error)).strip().splitlines() or ["it is not what it should be"]
            plain = isinstance(error, (OSError, ValueError, RuntimeError, SafetensorError))
            first = lines[0]
            if first.endswith(":"):  # of the hub: what it answered stands below
                first = " ".join([first, *(line.strip() for line in lines[1:] if not line.startswith(_ADVICE))]).strip()
            what = first if plain else f"its files hold what nobody expects there ({first})"
            remedy = " Without a network, give the folder of a downloaded model; a private one needs “hf auth login”."
            where = "" if is_local(self._reference) else remedy
            said = cut(on_one_line(_CLASS.sub(r"\1", _KIND.sub("", what))), 400).rstrip(".")
            raise ModelError(f"{self._key}: {self._reference} cannot be loaded: {said}.{where}") from error
