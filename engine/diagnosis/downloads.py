"""What a run would have to download, and how large it is: asked of the hub's list of files, nothing is fetched.

References that are on this machine already are turned into their folders, so that loading them never touches the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal

from engine import catalog
from engine.config import DistillationConfig, layers_and_hidden
from engine.data.rows import rows_are_local
from engine.diagnosis.finding import Finding, shown
from engine.errors import Fault
from engine.models.folder import PICKLES, TOKENIZER_FILES, VOCABULARIES, is_local, look_at_model
from engine.models.hub import silence_of_hub, silent_sentence

PATIENCE_S = 4.0  # for one answer of the hub
LARGE = 2 * 10**9  # bytes that are worth a look
_MODEL_FILES = ("config.json", *TOKENIZER_FILES)


@dataclass(frozen=True)
class Missing:
    """Something that is not on this machine: the configuration key that names it, and its id on the hub; of rows also the
    data set's configuration."""

    key: str
    reference: str
    kind: Literal["model", "tokenizer", "rows"]
    part: str = ""


def on_this_machine(config: DistillationConfig) -> tuple[DistillationConfig, list[Missing]]:
    """The configuration with the hub ids that were downloaded before as folders, and what is missing.

    A model whose weights are there without its tokenizer counts as missing.
    """
    missing: list[Missing] = []
    task = catalog.tasks()[config.task.name]
    if task.hub is not None and not rows_are_local(task, config.task.source):
        missing.append(Missing("task.source", task.hub[0], "rows", task.hub[1]))
    found: dict[str, dict[str, str]] = {"teacher": {}, "student": {}}
    places = [("student", "architecture", "model"), ("student", "tokenizer", "tokenizer")]
    if config.teacher is not None:
        places = [("teacher", "model", "model"), ("teacher", "tokenizer", "tokenizer"), *places]
    for section, name, kind in places:
        part = getattr(config, section)
        reference = getattr(part, name)
        if reference is None or layers_and_hidden(reference) or is_local(reference):
            continue
        folder = _folder_of(reference, kind, part.tokenizer is None)
        if folder is None:
            missing.append(Missing(f"{section}.{name}", reference, kind))  # type: ignore[arg-type]
        else:
            found[section][name] = str(folder)
    update: dict[str, Any] = {"student": config.student.model_copy(update=found["student"])}
    if config.teacher is not None:
        update["teacher"] = config.teacher.model_copy(update=found["teacher"])
    return config.model_copy(update=update), missing


def cannot_be_had(config: DistillationConfig) -> Fault | None:
    """What a run would download first and cannot, as the hub does not answer. Asks it only where something is missing."""
    missing = on_this_machine(config)[1]
    if not config.needs_teacher and config.student.init != "layers":  # its tokenizer at most
        missing = [found for found in missing if not found.key.startswith("teacher.")]
    if not missing:
        return None
    first = missing[0]
    if not (silence := silence_of_hub(first.reference, "datasets/" if first.kind == "rows" else "")):
        return None
    what = " and ".join(dict.fromkeys(found.reference for found in missing))
    return Fault(", ".join(found.key for found in missing), silent_sentence(what, silence, several=len(missing) > 1))


def download_finding(missing: Missing, weights_only: bool) -> Finding:
    """How large a missing thing is, as the hub says; a look where the hub cannot be asked or has no such thing."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    title, name = "Download", shown(missing.reference, 60)
    what = {"model": "The model", "tokenizer": "The tokenizer", "rows": "The data set"}[missing.kind]
    remedy = "Download it before you go offline, or give a folder; what rests on it is not measured here."
    try:
        if silence := silence_of_hub(missing.reference, "datasets/" if missing.kind == "rows" else ""):
            text = f"{what} {name} will be downloaded; its size is not known: the hub does not answer ({silence})."
            return Finding("look", "download", title, text, remedy, missing.key, {"bytes": None})
        size = _size(missing, weights_only)
    except GatedRepoError:
        text = f"{what} {name} is not here, and the hub gives it only to those who were let in."
        return Finding("stop", "download", title, text, "Ask for access on its page, or give a folder.", missing.key)
    except RepositoryNotFoundError:
        text = f"{what} {name} is not here, and the hub has none of that name."
        return Finding("stop", "download", title, text, f"Mend {missing.key}, or give a folder.", missing.key)
    except Exception as error:  # no network, a proxy, a time-out, the hub is down: each raises its own kind
        text = f"{what} {name} will be downloaded; its size is not known: no network ({type(error).__name__})."
        return Finding("look", "download", title, text, remedy, missing.key, {"bytes": None})
    amount = f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"
    text = f"{what} {name} is not here: {amount} will be downloaded."
    if size >= LARGE:
        remedy = "Make sure there is room for it, or choose a smaller one; what rests on it is not measured here."
    return Finding("look", "download", title, text, remedy, missing.key, {"bytes": size})


def _size(missing: Missing, weights_only: bool) -> int:
    """Bytes of the files that loading fetches. Raises what the hub's client raises."""
    from huggingface_hub import HfApi

    api = HfApi()
    if missing.kind == "rows":
        about: Any = api.dataset_info(missing.reference, files_metadata=True, timeout=PATIENCE_S)
        return _bytes(about, lambda name: name.startswith(f"{missing.part}/"))
    about = api.model_info(missing.reference, files_metadata=True, timeout=PATIENCE_S)
    names = {file.rfilename for file in about.siblings or []}
    if missing.kind == "tokenizer":
        return _bytes(about, lambda name: name in TOKENIZER_FILES)
    safe = any(fnmatch(name, "model*.safetensors") for name in names)
    weights = ("model*.safetensors",) if safe or not weights_only else ("pytorch_model*.bin", *PICKLES)
    return _bytes(
        about,
        lambda name: name in _MODEL_FILES or ("/" not in name and any(fnmatch(name, like) for like in weights)),
    )


def _bytes(about: Any, wanted: Any) -> int:
    return sum(file.size or 0 for file in about.siblings or [] if wanted(file.rfilename))


def _folder_of(reference: str, kind: str, with_tokenizer: bool) -> Path | None:
    """The folder of a hub id in the cache, None where something of it is missing."""
    from huggingface_hub import try_to_load_from_cache

    if kind == "model":
        folder = look_at_model(reference).folder
    else:
        cached = [try_to_load_from_cache(reference, name) for name in VOCABULARIES]
        folder = next((Path(file).parent for file in cached if isinstance(file, str)), None)
    if folder is None or (with_tokenizer and not any((folder / name).is_file() for name in VOCABULARIES)):
        return None
    return folder
