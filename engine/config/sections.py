"""The sections of a configuration: one ``Field`` is default, bounds, refusal, tooltip and form at once.

Torch-free. Knows the catalogue's names; how a file is read and how a fault is worded is told elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import tomli_w
from pydantic import Field, SerializeAsAny, ValidationError, field_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from engine import catalog
from engine.config.section import Section, advanced
from engine.config.training import TrainingConfig
from engine.types import FeatureSettings, LossSettings
from engine.visible import unseen_in


class TaskConfig(Section):
    """Which task, and where its rows are."""

    name: str = Field(title="Task", description="A task this program knows: a GLUE task, or the sample.")
    source: str | None = Field(
        default=None,
        title="Rows from",
        description="Folder with train, validation and test files (.parquet, .csv or .jsonl). "
        "Left out: the task's own rows (GLUE from the hub, the sample from this program).",
        json_schema_extra={"path": "folder", "placeholder": "its own rows"},
    )
    max_length: int = Field(
        default=128,
        ge=8,
        le=512,
        title="Length",
        description="Tokens kept of each example; the rest is cut off.",
        json_schema_extra=advanced(unit="tokens"),
    )

    @field_validator("name")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in catalog.tasks():
            raise ValueError(f"there is no task “{value}”; choose one of {', '.join(catalog.tasks())}")
        return value


class TeacherConfig(Section):
    """The model the student learns from."""

    model: str = Field(
        title="Model",
        description="Hub id, folder, or an architecture such as 4x128 to train from scratch on the task.",
        json_schema_extra={"path": "folder", "placeholder": "folder, hub id, 4x128"},
    )
    training: Literal["as_is", "fine_tune"] = Field(
        default="as_is",
        title="Training",
        description="as_is: use the teacher as it stands, the paper's strategy. fine_tune: train it on the task first.",
        json_schema_extra={"titles": {"as_is": "Use as it is (the paper)", "fine_tune": "Fine-tune on the task"}},
    )
    tokenizer: str | None = Field(
        default=None,
        title="Tokenizer",
        description="Folder or hub id of its tokenizer. Left out: the model's own.",
        json_schema_extra=advanced(path="folder", placeholder="the model's own"),
    )
    epochs: int = Field(
        default=3,
        ge=1,
        le=1000,
        title="Epochs",
        description="Passes over the rows when fine-tuning it.",
        json_schema_extra={"only_if": {"training": "fine_tune"}},
    )
    batch_size: int = Field(
        default=32,
        ge=1,
        le=4096,
        title="Batch size",
        description="Rows per step when fine-tuning it.",
        json_schema_extra=advanced(only_if={"training": "fine_tune"}),
    )
    learning_rate: float = Field(
        default=5e-5,
        gt=0,
        le=1,
        title="Learning rate",
        description="Peak rate when fine-tuning it.",
        json_schema_extra=advanced(only_if={"training": "fine_tune"}),
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="Seed of its own training.",
        json_schema_extra=advanced(only_if={"training": "fine_tune"}),
    )
    keep: Literal["logits", "tensors"] = Field(
        default="logits",
        title="Kept in the cache",
        description="What is asked of it once for all epochs and runs. logits: its answers. tensors: also what feature terms read "
        "inside it, in float16, so that no run with these terms needs it again; two bytes a token, unit and tensor.",
        json_schema_extra=advanced(titles={"logits": "Its answers", "tensors": "Answers and inner tensors"}),
    )
    weights_only: bool = Field(
        default=False,
        title="Accept a .bin pickle",
        description="Weights are read from safetensors. This opts in to pytorch_model.bin through torch's "
        "weights_only loader, which refuses code.",
        json_schema_extra=advanced(),
    )


class StudentConfig(Section):
    """The model that learns."""

    architecture: str = Field(
        default="2x128",
        title="Architecture",
        description="Layers x hidden size, such as 2x128, 4x312, 6x768; or a hub id or folder of a model.",
        json_schema_extra={"path": "folder", "choices": ["2x128", "3x384", "4x312", "6x768"]},
    )
    init: Literal["random", "pretrained", "layers"] = Field(
        default="random",
        title="Start from",
        description="random weights; the pre-trained weights of a hub id or folder; or evenly spaced layers of the "
        "teacher's model as it is given, before any fine-tuning.",
        json_schema_extra={
            "titles": {
                "random": "Random weights",
                "pretrained": "Pre-trained weights",
                "layers": "Layers of the teacher",
            }
        },
    )
    heads: int | None = Field(
        default=None,
        ge=1,
        le=128,
        title="Attention heads",
        description="Left out: hidden size / 64 (12 for 312); the teacher's with “layers”.",
        json_schema_extra=advanced(placeholder="hidden size / 64"),
    )
    feed_forward: int | None = Field(
        default=None,
        ge=1,
        le=65536,
        title="Feed-forward size",
        description="Left out: 4 × hidden size (1200 for 312); the teacher's with “layers”.",
        json_schema_extra=advanced(placeholder="4 × hidden size"),
    )
    tokenizer: str | None = Field(
        default=None,
        title="Tokenizer",
        description="Folder or hub id of its tokenizer. Left out: its model's own, or the teacher's.",
        json_schema_extra=advanced(path="folder", placeholder="the teacher's"),
    )


class DistillationConfig(Section):
    """One run, whole."""

    name: str = Field(
        default="", max_length=200, title="Name", description="What the run is called; left out: made from the choices."
    )
    task: TaskConfig
    teacher: TeacherConfig | None = None
    student: StudentConfig = Field(default_factory=StudentConfig)
    loss: SerializeAsAny[LossSettings]
    features: tuple[SerializeAsAny[FeatureSettings], ...] = ()
    training: TrainingConfig = Field(default_factory=TrainingConfig)

    @field_validator("name")
    @classmethod
    def _on_one_line(cls, value: str) -> str:
        if unseen := unseen_in(value):
            raise ValueError(f"holds a character that is not seen but obeyed ({unseen}); take it out")
        return value.strip()

    @field_validator("loss", mode="before")
    @classmethod
    def _settings_of_kind(cls, value: Any) -> Any:
        if isinstance(value, LossSettings):
            return value
        if not isinstance(value, Mapping):
            raise PydanticCustomError("dict_type", "must be a section")
        kind = value.get("kind")
        losses = catalog.losses()
        if not isinstance(kind, str) or kind not in losses:
            said = f"there is no loss “{kind}”; choose" if "kind" in value else "this key is missing; choose"
            raise _at("kind", kind, f"{said} one of {', '.join(losses)}")
        return losses[kind].settings.model_validate(dict(value), strict=True)

    @field_validator("features", mode="before")
    @classmethod
    def _terms_of_kinds(cls, value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            raise PydanticCustomError("features", "must be feature terms, each under [[features]] with its kind")
        terms, problems = [], []
        for place, given in enumerate(value):
            try:
                terms.append(_feature_term(given))
            except ValidationError as error:
                problems += [
                    InitErrorDetails(
                        type=PydanticCustomError(
                            found["type"], "{said}", {**found.get("ctx", {}), "said": found["msg"]}
                        ),
                        loc=(place, *found["loc"]),
                        input=found["input"],
                    )
                    for found in error.errors(include_url=False)
                ]
        if problems:
            raise ValidationError.from_exception_data("features", problems)
        return tuple(terms)

    @property
    def needs_teacher(self) -> bool:
        """Whether anything the student is trained with asks the teacher."""
        return bool(self.features) or catalog.losses()[self.loss.kind].needs_teacher

    @property
    def title(self) -> str:
        """The run's name, or one made from its choices."""
        loss = " + ".join([self.loss.kind, *(term.kind for term in self.features)])
        return self.name or f"{loss} · {self.student.architecture} · {self.task.name} · seed {self.training.seed}"

    def to_dict(self) -> dict[str, Any]:
        """Plain nested dict with the TOML's own keys; values that were left out are left out."""
        table = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        if not self.features:
            del table["features"]
        return table

    def to_toml(self) -> str:
        """The configuration as TOML; reading it back gives an equal configuration."""
        return tomli_w.dumps(self.to_dict())


def _feature_term(given: Any) -> FeatureSettings:
    if isinstance(given, FeatureSettings):
        return given
    if not isinstance(given, Mapping):
        raise ValidationError.from_exception_data(
            "features",
            [InitErrorDetails(type=PydanticCustomError("dict_type", "must be a section"), loc=(), input=given)],
        )
    kind, known = given.get("kind"), catalog.features()
    if not isinstance(kind, str) or kind not in known:
        said = f"there is no feature loss “{kind}”; choose" if "kind" in given else "this key is missing; choose"
        raise _at("kind", kind, f"{said} one of {', '.join(known)}")
    return known[kind].settings.model_validate(dict(given), strict=True)


def _at(key: str, value: Any, message: str) -> ValidationError:
    """A finding about a key inside the table that is being validated."""
    problem = InitErrorDetails(
        type=PydanticCustomError("unknown_kind", "{said}", {"said": message}), loc=(key,), input=value
    )
    return ValidationError.from_exception_data("loss", [problem])
