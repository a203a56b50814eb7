"""What a run is made of: typed, validated, JSON both ways.

`RunConfig` holds all that is needed to repeat a run and knows nothing else. The docstring under each field is what
the pages and the command line show for it; `unit` in its metadata is shown beside the value. Whether names exist and
parts fit each other is decided one floor up, in `gan_core.resolve`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

SCHEMA_VERSION: Literal[1] = 1
MAX_JSON_BYTES = 1_000_000  # a configuration has a few kB; anything near this is not one
MAX_JSON_DEPTH = 20
MIN_BATCH_SIZE = 2  # batch norm compares the images of a batch with each other

Precision = Literal["auto", "fp32", "bf16"]


def number(unit: str = "", **bounds: Any) -> Any:
    """A pydantic field with bounds and, for the pages, its unit."""
    return Field(json_schema_extra={"unit": unit}, **bounds)


class Section(BaseModel):
    """One part of a configuration: unknown keys are refused, values never change after it is built."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


class DatasetConfig(Section):
    """Which images the model learns from, and how they are prepared."""

    name: str = "mnist5k"
    """Data set. Each one is described on its own line in `python -m gan_core datasets`."""
    root: str = ""
    """Folder that holds the images, for a data set of your own. Leave it empty for the embedded ones."""
    image_size: Annotated[int, number("px", ge=4, le=1024)] = 32
    """Height and width after preprocessing. Larger images show more and train slower (twice the size, about four times the work)."""
    channels: Literal[1, 3] = 1
    """Colour channels: 1 is grey, 3 is red, green and blue."""
    num_images: Annotated[int, number("images", ge=0)] = 0
    """Use only the first N images; 0 uses all. Few images make a model that repeats them."""


class NetworkConfig(Section):
    """The two networks: the generator makes images, the discriminator judges them."""

    name: str = "dcgan4"
    """Architecture of both networks."""
    width: Annotated[int, number("channels", ge=1, le=1024)] = 64
    """Channels of the layer nearest the image; deeper layers have 2, 4, 8 times as many. Wider learns more and trains slower."""
    latent_dim: Annotated[int, number("numbers", ge=1, le=4096)] = 100
    """Size of the latent z, the list of random numbers from which the generator makes one image."""


class ObjectiveConfig(Section):
    """What the two networks are paid for."""

    name: str = "bce"
    """Loss function of the game between the two networks."""


class OptimizerConfig(Section):
    """How one network's weights are changed."""

    name: Literal["adam"] = "adam"
    """Optimiser: the rule that turns gradients into weight changes."""
    learning_rate: Annotated[float, number("", gt=0, le=1)] = 2e-4
    """Size of a weight change. Too large: training jumps about or dies. Too small: nothing happens. May be changed while it trains."""
    beta1: Annotated[float, number("", ge=0, lt=1)] = 0.5
    """Adam's momentum: how much of the last steps' direction is kept. GANs like 0.5 or 0 better than the usual 0.9."""
    beta2: Annotated[float, number("", ge=0, lt=1)] = 0.999
    """Adam's memory for the size of gradients."""


class TrainingConfig(Section):
    """How long, how much at once, on what."""

    batch_size: Annotated[int, number("images", ge=MIN_BATCH_SIZE, le=65536)] = 64
    """Images in one step. Larger batches give steadier, fewer steps an epoch."""
    epochs: Annotated[int, number("epochs", ge=1, le=1_000_000)] = 20
    """How many times the model sees the whole data set."""
    max_steps: Annotated[int, number("steps", ge=0)] = 0
    """Stop after this many steps, whatever the epochs say; 0 means no such limit."""
    ema_decay: Annotated[float, number("", ge=0, lt=1)] = 0.0
    """Keep a running average of the generator's weights and draw samples from it: 0.999 is usual, 0 switches it off."""
    seed: Annotated[int, number("", ge=0, lt=2**31)] = 0
    """Start of every random choice: the same seed gives the same run."""
    precision: Precision = "auto"
    """Number format of the heavy layers: bf16 is faster where the processor has it, fp32 is exact; auto chooses."""
    device: str = "auto"
    """Where it trains: cpu, cuda:0, cuda:1, mps; auto takes a GPU if there is one."""
    threads: Annotated[int, number("threads", ge=0, le=1024)] = 0
    """Processor threads; 0 takes every core but one, which is left to the pages. Results are repeatable for one number of threads."""

    @field_validator("device")
    @classmethod
    def _known_device(cls, value: str) -> str:
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", value):
            raise ValueError("must be auto, cpu, mps, cuda or cuda:N")
        return value


class RecordingConfig(Section):
    """What is kept of a run, and how often."""

    num_samples: Annotated[int, number("images", ge=1, le=256)] = 64
    """Images in the sample grid; the same latents every time, so that you see them change."""
    sample_every_steps: Annotated[int, number("steps", ge=0)] = 0
    """Steps between two sample grids; 0 chooses about 60 grids a run."""
    checkpoint_every_steps: Annotated[int, number("steps", ge=0)] = 0
    """Steps between two checkpoints (all weights, written to disk); 0 chooses about 10 a run."""
    checkpoint_every_s: Annotated[float, number("s", gt=0)] = 60.0
    """Seconds after which a checkpoint is written in any case: the most that a power cut can cost."""
    keep_checkpoints: Annotated[int, number("checkpoints", ge=2)] = 20
    """How many checkpoints stay on disk; the first and the newest always do, the rest are thinned evenly."""
    probe_every_steps: Annotated[int, number("steps", ge=0)] = 20
    """Steps between two measurements of D(G(z)) after the generator's own update; 0 switches them off."""


class RunConfig(Section):
    """All that is needed to repeat a run."""

    schema_version: Literal[1] = SCHEMA_VERSION
    """Version of this file's layout."""
    preset: str = "mnist-dcgan"
    """The preset this configuration began as."""
    dataset: DatasetConfig = DatasetConfig()
    network: NetworkConfig = NetworkConfig()
    objective: ObjectiveConfig = ObjectiveConfig()
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
    """A configuration from parsed JSON.

    Raises:
        ValueError: one sentence a fault, each with the field, the rule and the value.
    """
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
    """A copy with some fields replaced.

    Args:
        config: the configuration to start from.
        changes: dotted field name -> new value, for example {"training.epochs": 5}. Text is read as the field's type.

    Raises:
        ValueError: an unknown name (the message lists the near ones) or a value outside the field's bounds.
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
        if rest:
            data[section][rest[0]] = value
        else:
            data[section] = value
    return parse_config(data)


def live_changes(config: RunConfig, changes: Mapping[str, Any]) -> dict[str, float]:
    """The same changes as numbers, once they are found to be allowed while a run trains.

    Raises:
        ValueError: a field that cannot be changed live (the message lists those that can), or a value out of bounds.
    """
    for name in changes:
        if name not in LIVE_FIELDS:
            raise ValueError(f"'{name}' cannot be changed while a run trains. These can: {', '.join(LIVE_FIELDS)}.")
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


def strict_json(text: str | bytes) -> Any:
    """JSON, without the extensions that Python's reader lets through.

    Raises:
        ValueError: not JSON, larger than MAX_JSON_BYTES, nested deeper than MAX_JSON_DEPTH, or holding NaN or Infinity.
    """
    if len(text) > MAX_JSON_BYTES:
        raise ValueError(f"The JSON text has {len(text):,} bytes; at most {MAX_JSON_BYTES:,} are read.")

    def refuse(constant: str) -> Any:
        raise ValueError(f"JSON must not hold {constant}.")

    try:
        data = json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise ValueError(f"The JSON text is nested deeper than {MAX_JSON_DEPTH} levels.") from None
    except UnicodeDecodeError:
        raise ValueError("The JSON text is not valid UTF-8.") from None
    _check_depth(data, MAX_JSON_DEPTH)
    return data


def _check_depth(data: Any, left: int) -> None:
    if left == 0:
        raise ValueError(f"The JSON text is nested deeper than {MAX_JSON_DEPTH} levels.")
    children = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    for child in children:
        _check_depth(child, left - 1)


def _sentence(fault: Any) -> str:
    """One validation fault as a sentence: field, rule, value, way out."""
    name = ".".join(str(part) for part in fault["loc"]) or "configuration"
    if fault["type"] == "extra_forbidden":
        section = name.rpartition(".")[0]
        known = [n for n in field_names() if section and n.rpartition(".")[0] == section]
        known = known or list(RunConfig.model_fields)
        return f"Unknown setting '{name}'. Choose one of: {', '.join(known)}."
    rule = str(fault["msg"]).replace("Input should be", "must be").removeprefix("Value error, ")
    value = fault.get("input")
    return f"'{name}' {rule}; got {value!r:.60}."
