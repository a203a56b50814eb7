"""What a run is made of: typed, validated, JSON both ways.

`RunConfig` holds all that is needed to repeat a run and knows nothing else. The docstring under each field is what
the pages and the command line show for it; `unit` in its metadata is shown beside the value. Whether names exist and
parts fit each other is decided one floor up, in `gan_core.training.plan`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import ValidationError

from gan_core.config.sections import (
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
    Section,
    TrainingConfig,
    VAEConfig,
)

SCHEMA_VERSION: Literal[1] = 1


class RunConfig(Section):
    """All that is needed to repeat a run."""

    schema_version: Literal[1] = SCHEMA_VERSION
    """Version of the file format."""
    preset: str = "mnist-dcgan"
    """The preset this configuration is based on."""
    dataset: DatasetConfig = DatasetConfig()
    network: NetworkConfig = NetworkConfig()
    objective: ObjectiveConfig = ObjectiveConfig()
    penalty: PenaltyConfig = PenaltyConfig()
    conditioning: ConditioningConfig = ConditioningConfig()
    remedies: RemedyConfig = RemedyConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    vae: VAEConfig = VAEConfig()
    diffusion: DiffusionConfig = DiffusionConfig()
    generator_optimizer: OptimizerConfig = OptimizerConfig()
    discriminator_optimizer: OptimizerConfig = OptimizerConfig()
    training: TrainingConfig = TrainingConfig()
    recording: RecordingConfig = RecordingConfig()

    def to_json(self) -> str:
        """The configuration as indented JSON text; `parse_config` reads it back to an equal value."""
        return self.model_dump_json(indent=2)


LIVE_FIELDS = ("generator_optimizer.learning_rate", "discriminator_optimizer.learning_rate")
"""Dotted names of the fields that may be changed while a run trains."""


def parse_config(data: Any) -> RunConfig:
    """A configuration from parsed JSON. Raises ValueError with a sentence for each fault: field, rule and value."""
    if isinstance(data, Mapping) and data.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
        version = data["schema_version"]
        raise ValueError(
            f"This configuration has schema version {version!r:.40}; this program reads version {SCHEMA_VERSION}."
        )
    try:
        return RunConfig.model_validate(data)
    except ValidationError as error:
        raise ValueError(" ".join(_sentence(fault) for fault in error.errors())) from None


def with_changes(config: RunConfig, changes: Mapping[str, Any]) -> RunConfig:
    """A copy with some fields replaced: dotted name -> value, such as {"training.epochs": 5}; text is read as the field's type.

    Raises:
        ValueError: if a name is unknown (the message lists the near ones) or a value outside the field's bounds.
    """
    data = config.model_dump()
    for name, value in changes.items():
        section, *rest = name.split(".")
        known = field_names()
        if name not in known:
            near = [k for k in known if k.split(".")[0] == section] or list(known)
            raise ValueError(f"Unknown setting '{name}'. Choose one of: {', '.join(near)}.")
        options = choices(known[name])
        value = next((option for option in options if str(option) == value), value)
        if isinstance(value, str) and "tuple" in str(known[name].annotation):
            value = tuple(part.strip() for part in value.split(",") if part.strip())
        if rest:
            data[section][rest[0]] = value
        else:
            data[section] = value
    return parse_config(data)


def may_be_live(name: str, value: float) -> bool:
    """Whether a value of this field could be set while some run trains: one of LIVE_FIELDS, within the field's bounds."""
    if name not in LIVE_FIELDS:
        return False
    section, _, inner = name.partition(".")
    try:
        RunConfig.model_validate({section: {inner: value}})
    except ValueError:
        return False
    return True


def live_changes(config: RunConfig, changes: Mapping[str, Any]) -> dict[str, float]:
    """The same changes as numbers, once they are found to be allowed while a run trains.

    Raises:
        ValueError: if a field cannot be changed live (the message lists those that can), or a value is out of bounds.
    """
    for name in changes:
        if name not in LIVE_FIELDS:
            raise ValueError(f"'{name}' cannot be changed during training. These can: {', '.join(LIVE_FIELDS)}.")
    changed = with_changes(config, changes)
    return {name: float(get(changed, name)) for name in changes}


def field_names() -> dict[str, Any]:
    """Every dotted field name -> its pydantic FieldInfo (description, bounds, unit)."""
    names: dict[str, Any] = {}
    for name, info in RunConfig.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, Section):
            names |= {f"{name}.{inner}": field for inner, field in info.annotation.model_fields.items()}
        else:
            names[name] = info
    return names


def differences(left: RunConfig, right: RunConfig) -> dict[str, tuple[Any, Any]]:
    """Dotted names of the fields in which two configurations differ -> (left's value, right's value)."""
    return {n: (get(left, n), get(right, n)) for n in field_names() if get(left, n) != get(right, n)}


def get(config: RunConfig, name: str) -> Any:
    """The value of the field with this dotted name."""
    value: Any = config
    for part in name.split("."):
        value = getattr(value, part)
    return value


def choices(info: Any) -> tuple[Any, ...]:
    """The values that a Literal field allows; empty for other fields."""
    return get_args(info.annotation) if "Literal" in str(info.annotation) else ()


INTEGER, NUMBER = "'{name}' must be a valid integer; got {value}.", "'{name}' must be a valid number; got {value}."
SWITCH, TEXT = "'{name}' must be true or false; got {value}.", "'{name}' must be text; got {value}."
RULES = {
    "greater_than": "'{name}' must be greater than {gt}; got {value}.",
    "greater_than_equal": "'{name}' must be greater than or equal to {ge}; got {value}.",
    "less_than": "'{name}' must be less than {lt}; got {value}.",
    "less_than_equal": "'{name}' must be less than or equal to {le}; got {value}.",
    "int_type": INTEGER,
    "int_parsing": INTEGER,
    "int_parsing_size": INTEGER,
    "int_from_float": "'{name}' must be a valid integer, without a fractional part; got {value}.",
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "finite_number": "'{name}' must be a finite number; got {value}.",
    "bool_type": SWITCH,
    "bool_parsing": SWITCH,
    "string_type": TEXT,
    "string_unicode": TEXT,
    "tuple_type": "'{name}' must be a list; got {value}.",
    "literal_error": "'{name}' must be one of: {options}; got {value}.",
    "model_type": "'{name}' must be an object of settings; got {value}.",
    "value_error": "'{name}' must be auto, cpu, mps, cuda or cuda:N; got {value}.",  # of the only field with a rule of its own
}
"""Kind of pydantic's faults -> our sentence."""


def _sentence(fault: Any) -> str:
    """One validation fault as a sentence: field, rule, value, way out."""
    name = ".".join(str(part) for part in fault["loc"]) or "configuration"
    if fault["type"] == "extra_forbidden":
        section = name.rpartition(".")[0]
        known = [n for n in field_names() if section and n.rpartition(".")[0] == section]
        known = known or list(RunConfig.model_fields)
        return f"Unknown setting '{name}'. Choose one of: {', '.join(known)}."
    bounds = {key: f"{bound:g}" if isinstance(bound, float) else bound for key, bound in fault.get("ctx", {}).items()}
    options = ", ".join(map(str, choices(field_names()[name]))) if fault["type"] == "literal_error" else ""
    words = RULES.get(fault["type"], "'{name}' cannot be used ({rule}); got {value}.")
    return words.format(
        **{**bounds, "name": name, "value": f"{fault.get('input')!r:.60}", "options": options, "rule": fault["msg"]}
    )
