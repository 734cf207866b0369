"""What one run is: a frozen configuration, read from and written to TOML, with every fault said at once.

Torch-free. Knows the catalogue (which losses and tasks exist), never how they are computed. What it offers is loaded when it
is asked for: who only tells an architecture from a hub id builds no validators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.on_demand import on_demand

if TYPE_CHECKING:
    from engine.config.explanation import (
        feature_terms,
        formula_of,
        loss_settings,
        notice_of,
        pairs_of,
        sources_of,
        term_names,
    )
    from engine.config.reading import parse_config, parse_leniently, read_config, read_text
    from engine.config.references import is_folder_like, layers_and_hidden, travelling
    from engine.config.sections import DistillationConfig, StudentConfig, TaskConfig, TeacherConfig
    from engine.config.training import TrainingConfig

__all__ = [
    "DistillationConfig",
    "StudentConfig",
    "TaskConfig",
    "TeacherConfig",
    "TrainingConfig",
    "feature_terms",
    "formula_of",
    "is_folder_like",
    "layers_and_hidden",
    "loss_settings",
    "notice_of",
    "pairs_of",
    "parse_config",
    "parse_leniently",
    "read_config",
    "read_text",
    "sources_of",
    "term_names",
    "travelling",
]

_FILES = {
    "feature_terms": "explanation",
    "formula_of": "explanation",
    "loss_settings": "explanation",
    "notice_of": "explanation",
    "pairs_of": "explanation",
    "sources_of": "explanation",
    "term_names": "explanation",
    "parse_config": "reading",
    "parse_leniently": "reading",
    "read_config": "reading",
    "read_text": "reading",
    "is_folder_like": "references",
    "layers_and_hidden": "references",
    "travelling": "references",
    "DistillationConfig": "sections",
    "StudentConfig": "sections",
    "TaskConfig": "sections",
    "TeacherConfig": "sections",
    "TrainingConfig": "training",
}

__getattr__ = on_demand(__name__, _FILES)
