"""What a run is made of, and what this installation is: configuration, registries, settings, devices."""

from gan_core.config.run_config import (
    LIVE_FIELDS,
    SCHEMA_VERSION,
    RunConfig,
    choices,
    differences,
    field_names,
    get,
    live_changes,
    may_be_live,
    parse_config,
    with_changes,
)
from gan_core.config.sections import (
    MIN_BATCH_SIZE,
    AugmentationConfig,
    ConditioningConfig,
    DatasetConfig,
    DiffusionConfig,
    NetworkConfig,
    ObjectiveConfig,
    OptimizerConfig,
    PenaltyConfig,
    RecordingConfig,
    RemedyConfig,
    Schedule,
    Section,
    TrainingConfig,
    VAEConfig,
)
from gan_core.config.strict import (
    MAX_JSON_BYTES,
    MAX_JSON_DEPTH,
    one_line,
    read_bounded,
    read_strictly,
    several_lines,
    strict_json,
    strict_object,
)

__all__ = [
    "LIVE_FIELDS", "MAX_JSON_BYTES", "MAX_JSON_DEPTH", "MIN_BATCH_SIZE", "SCHEMA_VERSION", "AugmentationConfig", "ConditioningConfig",
    "DatasetConfig", "DiffusionConfig", "NetworkConfig", "ObjectiveConfig", "OptimizerConfig", "PenaltyConfig", "RecordingConfig", "RemedyConfig",
    "RunConfig", "Schedule", "Section", "TrainingConfig", "VAEConfig", "choices", "differences", "field_names", "get", "live_changes", "may_be_live",
    "one_line", "parse_config", "read_bounded", "read_strictly", "several_lines", "strict_json", "strict_object", "with_changes",
]  # fmt: skip
