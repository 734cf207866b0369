"""What one run is: a frozen configuration, read from and written to TOML, with every fault said at once.

Torch-free. Knows the catalogue (which losses and tasks exist), never how they are computed.
"""

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
from engine.config.references import is_folder_like, layers_and_hidden
from engine.config.sections import (
    DistillationConfig,
    StudentConfig,
    TaskConfig,
    TeacherConfig,
    TrainingConfig,
)

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
]
