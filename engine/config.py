"""What one run is: a frozen configuration, read from and written to TOML, with every fault said at once.

Torch-free. Knows the catalogue (which losses and tasks exist), never how they are computed.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, ValidationError, field_validator

from engine import catalog
from engine.errors import ConfigError, Fault
from engine.types import LossSettings

ARCHITECTURE = re.compile(r"^(?P<layers>\d+)x(?P<hidden>\d+)$")
HUB_ID = re.compile(r"^[A-Za-z0-9][\w.\-]*(/[A-Za-z0-9][\w.\-]*)?$")


def _advanced(**extra: Any) -> dict[str, Any]:
    return {"advanced": True, **extra}


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)


class TaskConfig(_Section):
    """Which task, and where its rows are."""

    name: str = Field(title="Task", description="A task this program knows: a GLUE task, or the sample.")
    source: str | None = Field(
        None,
        title="Rows from",
        description="Folder with train, validation and test files (.parquet, .csv or .jsonl). "
        "Left out: the task's own rows (GLUE from the hub, the sample from this program).",
        json_schema_extra={"path": "folder"},
    )
    max_length: int = Field(
        128, ge=8, le=512, title="Length", description="Tokens kept of each example; the rest is cut off.",
        json_schema_extra=_advanced(unit="tokens"),
    )  # fmt: skip

    @field_validator("name")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in catalog.tasks():
            raise ValueError(f"there is no task “{value}”; choose one of {', '.join(catalog.tasks())}")
        return value


class TeacherConfig(_Section):
    """The model the student learns from."""

    model: str = Field(
        title="Model",
        description="Hub id, folder, or an architecture such as 4x128 to train from scratch on the task.",
        json_schema_extra={"path": "folder"},
    )
    training: Literal["as_is", "fine_tune"] = Field(
        "as_is",
        title="Training",
        description="as_is: use the teacher as it stands, the paper's strategy. fine_tune: train it on the task first.",
        json_schema_extra={"titles": {"as_is": "Use as it is (the paper)", "fine_tune": "Fine-tune on the task"}},
    )
    tokenizer: str | None = Field(
        None, title="Tokenizer", description="Folder or hub id of its tokenizer. Left out: the model's own.",
        json_schema_extra=_advanced(path="folder"),
    )  # fmt: skip
    epochs: int = Field(3, ge=1, le=1000, title="Epochs", description="Passes over the rows when fine-tuning it.",
                        json_schema_extra={"only_if": {"training": "fine_tune"}})  # fmt: skip
    batch_size: int = Field(32, ge=1, le=4096, title="Batch size", description="Rows per step when fine-tuning it.",
                            json_schema_extra=_advanced(only_if={"training": "fine_tune"}))  # fmt: skip
    learning_rate: float = Field(5e-5, gt=0, le=1, title="Learning rate", description="Peak rate when fine-tuning it.",
                                 json_schema_extra=_advanced(only_if={"training": "fine_tune"}))  # fmt: skip
    seed: int = Field(0, ge=0, le=2**31 - 1, title="Seed", description="Seed of its own training.",
                      json_schema_extra=_advanced(only_if={"training": "fine_tune"}))  # fmt: skip
    weights_only: bool = Field(
        False,
        title="Accept a .bin pickle",
        description="Weights are read from safetensors. This opts in to pytorch_model.bin through torch's "
        "weights_only loader, which refuses code.",
        json_schema_extra=_advanced(),
    )


class StudentConfig(_Section):
    """The model that learns."""

    architecture: str = Field(
        "2x128",
        title="Architecture",
        description="Layers x hidden size, such as 2x128, 4x312, 6x768; or a hub id or folder of a model.",
        json_schema_extra={"path": "folder", "choices": ["2x128", "3x384", "4x312", "6x768"]},
    )
    init: Literal["random", "pretrained", "layers"] = Field(
        "random",
        title="Start from",
        description="random weights; the pre-trained weights of a hub id or folder; or evenly spaced layers of the "
        "teacher's model as it is given, before any fine-tuning.",
        json_schema_extra={
            "titles": {
                "random": "Random weights",
                "pretrained": "Pre-trained weights",
                "layers": "Layers of the teacher's model",
            }
        },
    )
    heads: int | None = Field(None, ge=1, le=128, title="Attention heads",
                              description="Left out: hidden size / 64 (12 for 312); the teacher's with “layers”.",
                              json_schema_extra=_advanced())  # fmt: skip
    feed_forward: int | None = Field(None, ge=1, le=65536, title="Feed-forward size",
                                     description="Left out: 4 × hidden size (1200 for 312); the teacher's with “layers”.",
                                     json_schema_extra=_advanced())  # fmt: skip
    tokenizer: str | None = Field(
        None, title="Tokenizer",
        description="Folder or hub id of its tokenizer. Left out: its model's own, or the teacher's.",
        json_schema_extra=_advanced(path="folder"),
    )  # fmt: skip


class TrainingConfig(_Section):
    """How the student is trained."""

    epochs: int = Field(3, ge=1, le=1000, title="Epochs", description="Passes over the training rows.")
    batch_size: int = Field(32, ge=1, le=4096, title="Batch size", description="Rows per optimiser step.",
                            json_schema_extra={"unit": "rows"})  # fmt: skip
    learning_rate: float = Field(5e-5, gt=0, le=1, title="Learning rate",
                                 description="Peak rate of AdamW, after warm-up; falls linearly to 0.")  # fmt: skip
    seed: int = Field(0, ge=0, le=2**31 - 1, title="Seed",
                      description="Starts every random generator: weights, dropout, order of rows.")  # fmt: skip
    warmup_share: float = Field(0.1, ge=0, le=0.9, title="Warm-up", description="Share of the steps with a rising rate.",
                                json_schema_extra=_advanced())  # fmt: skip
    weight_decay: float = Field(0.01, ge=0, le=1, title="Weight decay",
                                description="AdamW's decay, on matrices only (not on biases and layer norms).",
                                json_schema_extra=_advanced())  # fmt: skip
    clip_norm: float = Field(1.0, gt=0, le=1000, title="Clip norm", description="Largest gradient norm of a step.",
                             json_schema_extra=_advanced())  # fmt: skip
    evaluations_per_epoch: int = Field(1, ge=1, le=100, title="Evaluations per epoch",
                                       description="How often the validation rows are scored.",
                                       json_schema_extra=_advanced())  # fmt: skip
    keep: Literal["best", "last"] = Field(
        "best", title="Keep", description="Which student is scored and kept: the best on validation, or the last.",
        json_schema_extra=_advanced(titles={"best": "Best on validation", "last": "Last"}),
    )  # fmt: skip
    device: str = Field("auto", title="Device", pattern=r"^(auto|cpu|cuda(:\d+)?)$",
                        description="auto takes the CUDA GPU where there is one, else the CPU.",
                        json_schema_extra=_advanced(choices=["auto", "cpu", "cuda"]))  # fmt: skip
    threads: int = Field(0, ge=0, le=512, title="CPU threads", description="0 chooses by a short measurement.",
                         json_schema_extra=_advanced())  # fmt: skip


class DistillationConfig(_Section):
    """One run, whole."""

    name: str = Field("", max_length=200, title="Name", description="What the run is called; left out: made from the choices.")
    task: TaskConfig
    teacher: TeacherConfig | None = None
    student: StudentConfig = Field(default_factory=StudentConfig)
    loss: SerializeAsAny[LossSettings]
    training: TrainingConfig = Field(default_factory=TrainingConfig)

    @field_validator("loss", mode="before")
    @classmethod
    def _settings_of_kind(cls, value: Any) -> Any:
        if isinstance(value, LossSettings):
            return value
        if not isinstance(value, Mapping) or not isinstance(value.get("kind"), str):
            raise ValueError(f"needs a “kind”: one of {', '.join(catalog.losses())}")
        kind = value["kind"]
        if kind not in catalog.losses():
            raise ValueError(f"there is no loss “{kind}”; choose one of {', '.join(catalog.losses())}")
        return catalog.losses()[kind].settings.model_validate(dict(value))

    @property
    def title(self) -> str:
        """The run's name, or one made from its choices."""
        return self.name or f"{self.loss.kind} · {self.student.architecture} · {self.task.name} · seed {self.training.seed}"

    def to_dict(self) -> dict[str, Any]:
        """Plain nested dict with the TOML's own keys; values that were left out are left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def to_toml(self) -> str:
        """The configuration as TOML; reading it back gives an equal configuration."""
        return tomli_w.dumps(self.to_dict())


def layers_and_hidden(architecture: str) -> tuple[int, int] | None:
    """(layers, hidden size) of an ``LxH`` architecture; None for a hub id or folder."""
    match = ARCHITECTURE.match(architecture)
    return (int(match["layers"]), int(match["hidden"])) if match else None


def is_folder_like(reference: str) -> bool:
    """Whether a model reference is meant as a folder rather than a hub id or an architecture."""
    return reference.startswith((".", "/", "~")) or "\\" in reference or Path(reference).is_absolute()


def read_config(path: Path | str, overrides: Iterable[str] = ()) -> DistillationConfig:
    """Read one run from a TOML file; ``overrides`` are ``section.key=value`` as typed after ``--set``.

    Raises ConfigError with every fault; relative paths are relative to the file.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise ConfigError([Fault("", f"there is no file {path}; give the path of a TOML file")]) from None
    except IsADirectoryError:
        raise ConfigError([Fault("", f"{path} is a folder; give the path of a TOML file")]) from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            [Fault("", f"byte {error.start} is not UTF-8; save the file as UTF-8")], where=str(path)
        ) from None
    except OSError as error:
        raise ConfigError([Fault("", f"{path} cannot be read: {error.strerror}")]) from None
    return parse_config(text, path.resolve().parent, overrides, where=str(path))


def parse_config(
    text: str, folder: Path | str | None = None, overrides: Iterable[str] = (), where: str = ""
) -> DistillationConfig:
    """Read one run from TOML text; relative paths are relative to ``folder`` (the working folder if None).

    Raises ConfigError with every fault.
    """
    config, faults = parse_leniently(text, folder, overrides)
    if faults or config is None:
        raise ConfigError(faults, where)
    return config


def parse_leniently(
    text: str, folder: Path | str | None = None, overrides: Iterable[str] = ()
) -> tuple[DistillationConfig | None, list[Fault]]:
    """The configuration with faulty keys at their defaults, and all faults; None where too little is left of it.

    Lets a caller go on to look at data and models, so that a person hears of everything at once.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [Fault("", f"not valid TOML: {error}; strings need quotes, and a key stands once in a section")]
    faults = _apply_overrides(raw, overrides)
    base = Path(folder) if folder is not None else Path.cwd()
    faults += _resolve_paths(raw, base)
    config, more = _validate(raw)
    faults += more
    if config is not None:
        faults += _cross_faults(config)
    return config, _without_repeats(faults)


def _validate(raw: dict[str, Any]) -> tuple[DistillationConfig | None, list[Fault]]:
    """Validate; on faults once more without the faulty keys, to have something to look further with."""
    try:
        return DistillationConfig.model_validate(raw), []
    except ValidationError as error:
        problems = error.errors(include_url=False)
    faults = [_as_fault(raw, problem) for problem in problems]
    rest = _copy(raw)
    for problem in problems:
        _remove(rest, problem["loc"])
    try:
        return DistillationConfig.model_validate(rest), faults
    except ValidationError:
        return None, faults


def _copy(raw: Any) -> Any:
    return {key: _copy(value) for key, value in raw.items()} if isinstance(raw, dict) else raw


def _remove(raw: dict[str, Any], path: tuple[Any, ...]) -> None:
    where: Any = raw
    for key in path[:-1]:
        if not isinstance(where, dict) or key not in where:
            return
        where = where[key]
    if isinstance(where, dict):
        where.pop(path[-1], None)


def _apply_overrides(raw: dict[str, Any], overrides: Iterable[str]) -> list[Fault]:
    """Put ``section.key=value`` into the raw table; an empty value takes the key out."""
    faults = []
    for override in overrides:
        key, equals, value = override.partition("=")
        parts = key.strip().split(".")
        if not equals or not all(parts):
            faults.append(Fault("--set", f"“{override}” is not section.key=value, such as loss.lambda=0.3"))
            continue
        where = raw
        for part in parts[:-1]:
            where = where.setdefault(part, {})
            if not isinstance(where, dict):
                faults.append(Fault("--set", f"“{key}”: “{part}” is a value, not a section"))
                break
        else:
            if value.strip() == "":
                where.pop(parts[-1], None)
            else:
                where[parts[-1]] = _toml_value(value.strip())
    return faults


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


_PATH_KEYS = (("task", "source"), ("teacher", "model"), ("teacher", "tokenizer"),
              ("student", "architecture"), ("student", "tokenizer"))  # fmt: skip


def _resolve_paths(raw: dict[str, Any], base: Path) -> list[Fault]:
    """Make folder references absolute in place; a folder that is not there is a fault."""
    faults = []
    for section, key in _PATH_KEYS:
        table = raw.get(section)
        value = table.get(key) if isinstance(table, dict) else None
        if not isinstance(value, str):
            continue
        dotted = f"{section}.{key}"
        if "\0" in value or not value.strip():
            faults.append(Fault(dotted, "is empty or holds a null character; give a folder or a name"))
            del table[key]
            continue
        folder = (base / Path(value).expanduser()).resolve()
        only_folder = key == "source"
        meant_as_name = not only_folder and (ARCHITECTURE.match(value) or (HUB_ID.match(value) and not folder.is_dir()))
        if meant_as_name and not is_folder_like(value):
            continue
        if folder.is_dir():
            table[key] = str(folder)
        elif only_folder or is_folder_like(value):
            faults.append(Fault(dotted, f"there is no folder {folder}; {_folder_remedy(dotted)}"))
            if dotted != "teacher.model":
                del table[key]
        else:
            faults.append(
                Fault(dotted, f"“{value}” is neither a folder nor a hub id (owner/name)"
                      + (" nor an architecture such as 2x128" if key in ("architecture", "model") else ""))  # fmt: skip
            )
    return faults


def _folder_remedy(key: str) -> str:
    if key == "task.source":
        return "give the folder with train and validation files, or leave the key out for the task's own rows"
    if key.endswith("tokenizer"):
        return "give a folder with tokenizer.json or vocab.txt, or a hub id"
    return "give a folder with config.json and model.safetensors, or a hub id such as google-bert/bert-base-uncased"


def _as_fault(raw: dict[str, Any], problem: Any) -> Fault:
    """One of pydantic's findings as a sentence with the remedy."""
    path = tuple(str(part) for part in problem["loc"])
    key = ".".join(path)
    kind, context, given = problem["type"], problem.get("ctx", {}), problem.get("input")
    if kind == "extra_forbidden":
        return Fault(key, _unknown_key(raw, path))
    if kind == "missing":
        section = "section" if len(path) == 1 else "key"
        return Fault(key, f"this {section} is missing; add " + (f"[{key}]" if len(path) == 1 else f"“{path[-1]} = …”"))
    if kind == "literal_error":
        return Fault(key, f"must be one of {context['expected'].replace(chr(39), '')}; it is {given!r}")
    bounds = {"greater_than_equal": ("at least", "ge"), "less_than_equal": ("at most", "le"),
              "greater_than": ("more than", "gt"), "less_than": ("less than", "lt")}  # fmt: skip
    if kind in bounds:
        words, name = bounds[kind]
        return Fault(key, f"must be {words} {context[name]:g}; it is {given!r}")
    if kind == "string_pattern_mismatch" and key == "training.device":
        return Fault(key, f"must be auto, cpu, cuda or cuda:N; it is {given!r}")
    types = {"int": "a whole number", "float": "a number", "string": "text in quotes", "bool": "true or false",
             "model": "a section", "dict": "a section", "finite": "a finite number"}  # fmt: skip
    for name, words in types.items():
        if kind.startswith(name):
            return Fault(key, f"must be {words}; it is {given!r}")
    return Fault(key, problem["msg"].removeprefix("Value error, "))


def _unknown_key(raw: dict[str, Any], path: tuple[str, ...]) -> str:
    known = _known_keys(raw, path[:-1])
    close = difflib.get_close_matches(path[-1], known, n=1)
    if close:
        return f"unknown key; did you mean “{close[0]}”?"
    elsewhere = [
        loss.name for loss in catalog.losses().values()
        if path[0] == "loss" and path[-1] in _aliases(loss.settings)
    ]  # fmt: skip
    if elsewhere:
        kind = raw["loss"]["kind"]
        return (
            f"the loss “{kind}” has no such setting ({', '.join(elsewhere)} have); take the key out "
            f"(on the command line: --set {'.'.join(path)}=)"
        )
    return f"unknown key; known here: {', '.join(known)}"


def _aliases(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()]


def _known_keys(raw: dict[str, Any], section: tuple[str, ...]) -> list[str]:
    if not section:
        return _aliases(DistillationConfig)
    if section[0] == "loss":
        return _aliases(catalog.losses()[raw["loss"]["kind"]].settings)
    sections: dict[str, type[BaseModel]] = {
        "task": TaskConfig, "teacher": TeacherConfig, "student": StudentConfig, "training": TrainingConfig,
    }  # fmt: skip
    return _aliases(sections[section[0]])


def _cross_faults(config: DistillationConfig) -> list[Fault]:
    """What is wrong between keys that are each right by themselves."""
    faults = []
    loss = catalog.losses()[config.loss.kind]
    student, teacher = config.student, config.teacher
    shape = layers_and_hidden(student.architecture)
    if teacher is None and loss.needs_teacher:
        faults.append(Fault("teacher", f"the loss “{loss.name}” needs a teacher; add [teacher] with a model, "
                                       "or choose loss.kind = \"none\""))  # fmt: skip
    if teacher is None and student.init == "layers":
        faults.append(Fault("student.init", "“layers” takes layers of the teacher's model; add [teacher] or choose “random”"))
    if shape is None and student.init != "pretrained":
        faults.append(Fault("student.init", f"{student.architecture} is a model with weights; choose init = \"pretrained\", "
                                            "or an architecture such as 2x128"))  # fmt: skip
    if shape is not None and student.init == "pretrained":
        faults.append(Fault("student.init", f"{student.architecture} has no pre-trained weights of its own; name a hub id "
                                            "or folder as student.architecture, or choose “random” or “layers”"))  # fmt: skip
    if shape is not None:
        faults += _shape_faults("student.architecture", shape)
    if shape is None and (student.heads or student.feed_forward):
        faults.append(Fault("student.heads", "a model with weights brings its own heads and feed-forward size; take them out"))
    if shape and student.init != "layers" and student.heads and shape[1] % student.heads:
        faults.append(Fault("student.heads", f"{student.heads} heads do not divide the hidden size {shape[1]}"))
    if shape and student.tokenizer is None and teacher is None:
        faults.append(Fault("student.tokenizer", "without a teacher the student needs a tokenizer: a folder or hub id"))
    if teacher is not None and (teacher_shape := layers_and_hidden(teacher.model)):
        faults += _shape_faults("teacher.model", teacher_shape)
        if teacher.training != "fine_tune":
            faults.append(Fault("teacher.training", f"{teacher.model} has no weights yet; choose \"fine_tune\""))
        if teacher.tokenizer is None:
            faults.append(Fault("teacher.tokenizer", f"{teacher.model} has no tokenizer of its own; give a folder or hub id"))
        if student.init == "layers":
            faults.append(Fault("student.init", f"“layers” needs a teacher with weights; {teacher.model} has none before its "
                                                "training; choose “random”"))  # fmt: skip
    return faults


def _shape_faults(key: str, shape: tuple[int, int]) -> list[Fault]:
    layers, hidden = shape
    if not 1 <= layers <= 96:
        return [Fault(key, f"must have 1 to 96 layers; it has {layers}")]
    if not 8 <= hidden <= 8192:
        return [Fault(key, f"must have a hidden size from 8 to 8192; it has {hidden}")]
    return []


def _without_repeats(faults: list[Fault]) -> list[Fault]:
    return list(dict.fromkeys(faults))
