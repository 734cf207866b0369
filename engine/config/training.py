"""How a student is trained: one ``Field`` is default, bounds, refusal, tooltip and form at once."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.config.section import Section, advanced


class TrainingConfig(Section):
    """How the student is trained."""

    epochs: int = Field(default=3, ge=1, le=1000, title="Epochs", description="Passes over the training rows.")
    batch_size: int = Field(
        default=32,
        ge=1,
        le=4096,
        title="Batch size",
        description="Rows per optimiser step.",
        json_schema_extra={"unit": "rows"},
    )
    batch_tokens: int = Field(
        default=0,
        ge=0,
        le=2**24,
        title="Batch tokens",
        description="Tokens a batch may hold, padding counted (rows × longest row): rows are added while they fit and the batch "
        "size is not reached. A row longer than that makes a batch of its own. 0: the batch size alone counts.",
        json_schema_extra=advanced(unit="tokens"),
    )
    accumulate: int = Field(
        default=1,
        ge=1,
        le=4096,
        title="Parts of a batch",
        description="In how many parts each step's rows go through the student: less memory for the same step. Losses that "
        "relate the rows of a batch to each other then see only those of a part.",
        json_schema_extra=advanced(unit="parts"),
    )
    recompute: bool = Field(
        default=False,
        title="Recompute layers",
        description="Keep only the layers' inputs and compute their inside again in the backward pass (gradient checkpointing): "
        "much less memory for one more forward pass a step. No result changes.",
        json_schema_extra=advanced(),
    )
    learning_rate: float = Field(
        default=5e-5,
        gt=0,
        le=1,
        title="Learning rate",
        description="Peak rate of AdamW, after warm-up; falls linearly to 0.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="Starts every random generator: weights, dropout, order of rows.",
    )
    warmup_share: float = Field(
        default=0.1,
        ge=0,
        le=0.9,
        title="Warm-up",
        description="Share of the steps with a rising rate.",
        json_schema_extra=advanced(),
    )
    weight_decay: float = Field(
        default=0.01,
        ge=0,
        le=1,
        title="Weight decay",
        description="AdamW's decay, on matrices only (not on biases and layer norms).",
        json_schema_extra=advanced(),
    )
    clip_norm: float = Field(
        default=1.0,
        gt=0,
        le=1000,
        title="Clip norm",
        description="Largest gradient norm of a step.",
        json_schema_extra=advanced(),
    )
    evaluations_per_epoch: int = Field(
        default=1,
        ge=1,
        le=100,
        title="Evaluations",
        description="How often the validation rows are scored.",
        json_schema_extra=advanced(unit="per epoch"),
    )
    patience: int = Field(
        default=0,
        ge=0,
        le=1000,
        title="Patience",
        description="Evaluations in a row without a better score after which training ends early; 0: never.",
        json_schema_extra=advanced(unit="evaluations"),
    )
    min_delta: float = Field(
        default=0.0,
        ge=0,
        le=1,
        title="Smallest gain",
        description="By how much a score must be better to count as a gain for patience; scores run from 0 to 1.",
        json_schema_extra=advanced(),
    )
    keep: Literal["best", "last"] = Field(
        default="best",
        title="Keep",
        description="Which student is scored and kept: the best on validation, or the last.",
        json_schema_extra=advanced(titles={"best": "Best on validation", "last": "Last"}),
    )
    device: str = Field(
        default="auto",
        title="Device",
        pattern=r"^(auto|cpu|cuda(:\d+)?)$",
        description="auto takes the CUDA GPU where there is one, else the CPU.",
        json_schema_extra=advanced(choices=["auto", "cpu", "cuda"]),
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto",
        title="Precision",
        description="Of the student's forward pass, of its scoring, and of what the teacher is asked; weights and losses are "
        "float32 whatever is chosen, and a teacher is fine-tuned in it. auto: bfloat16 on a GPU that has it, float32 on the CPU.",
        json_schema_extra=advanced(titles={"auto": "Automatic", "float32": "float32", "bfloat16": "bfloat16"}),
    )
    compile: Literal["auto", "on", "off"] = Field(
        default="auto",
        title="Compile",
        description="The student's passes through torch.compile, its batches padded to a few lengths. auto: on a GPU where a "
        "short measurement says that it pays over the run's steps, never on the CPU. Terms over the student's inside, "
        "recomputed layers and batches in parts are never compiled; the log says what was decided and why.",
        json_schema_extra=advanced(titles={"auto": "Automatic", "on": "On", "off": "Off"}),
    )
    deterministic: bool = Field(
        default=False,
        title="Deterministic",
        description="Only kernels on the GPU that always sum in the same order, so that the same seed gives the same numbers "
        "to the last bit, also after a resume; slower. Always so on the CPU.",
        json_schema_extra=advanced(),
    )
    threads: int = Field(
        default=0,
        ge=0,
        le=512,
        title="CPU threads",
        description="0 chooses by a short measurement.",
        json_schema_extra=advanced(),
    )
