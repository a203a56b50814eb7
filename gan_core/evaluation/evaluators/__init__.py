"""Evaluators: small classifiers of what a generated picture shows, so that a conditional model can be scored.

Three come with the program (for `mnist5k`, `faces` and `blocks`); the user can train one for other data on the page Data or
with `python -m gan_core train-evaluator`. Finding one needs no torch; `evaluator.py` opens it, `scoring.py` counts.

    NAME/evaluator.json        what it is, how it was trained, its own held-out accuracy, hashes
         weights.safetensors   convolutions as float16, the rest as float32
         features.json         the scale of its features, see `scale.py`
         owner.json            the student whose it is; absent where it is nobody's in particular
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from gan_core import runs
from gan_core.access import Actor, bin
from gan_core.access import require as require_right
from gan_core.access.classroom import folder_bytes
from gan_core.config import DatasetConfig, RunConfig, Section, one_line, read_strictly, settings
from gan_core.datasets import DATASETS, uploads
from gan_core.datasets.sources.objects24 import OBJECTS

CARD, WEIGHTS, OWNER = "evaluator.json", "weights.safetensors", "owner.json"
MAX_WIDTH = 256
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
SMALL: Final = "resnet18-small"
TORCHVISION: Final = "torchvision-resnet18"
CONVERT = (
    'python -c "import torch; from safetensors.torch import save_file; '
    "s = torch.load('checkpoint.pth', map_location='cpu', weights_only=True); "
    "save_file({k: v.contiguous() for k, v in s.get('model', s).items()}, 'evaluator.safetensors')\""
)
"""Turns a checkpoint of PyTorch's pickle format into the file that is imported; for where that pickle is trusted."""
Kind = Literal["objects", "classes", "attributes"]


@dataclass(frozen=True)
class EvaluatorInfo:
    """What an evaluator knows, and how well.

    Attributes:
        name, title: its folder's name, and a line for people.
        dataset: the data set it was trained on.
        label_names: one for each of its outputs, in their order.
        exclusive: whether a picture has exactly one of the labels.
        image_size, channels: of the pictures it was trained on; others are resized.
        held_out_hits, held_out_requested: its own accuracy on real images that neither its training nor any choice used,
            counted by the same rule as a model's score; 0 of 0 where it was not measured.
        held_out_note: which images those were, in words; or why it was not measured.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    title: str
    dataset: str
    label_names: tuple[str, ...]
    exclusive: bool
    image_size: Annotated[int, Field(ge=4, le=1024)]
    channels: Literal[1, 3]
    held_out_hits: Annotated[int, Field(ge=0)]
    held_out_requested: Annotated[int, Field(ge=0)]
    held_out_note: str

    @property
    def kind(self) -> Kind:
        """How its outputs are counted: the k highest outputs (objects), the highest (classes), the sign of each (attributes)."""
        return kind_of(self.label_names, self.exclusive)

    def with_score(self, hits: int, requested: int, note: str) -> EvaluatorInfo:
        """The same with its own accuracy, and on which images."""
        return replace(self, held_out_hits=hits, held_out_requested=requested, held_out_note=note)


@dataclass(frozen=True)
class LabelScore:
    """How often the evaluator was right about one label on the held-out images.

    Attributes:
        name: the label.
        hits, requested: objects and classes: found, of the images that have it; attributes: right, of all images.
        baseline: the share that always giving the commoner answer would reach (attributes), or drawing as many labels
            blindly as the image has (others).
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    hits: int
    requested: int
    baseline: float


class Training(Section):
    """How an evaluator was trained: all that is needed to repeat it, on the same kind of processor."""

    command: str
    """The command that made it."""
    dataset: DatasetConfig
    """Its images."""
    num_train: int
    """How many of them it learned from."""
    epochs: int
    """Times it saw them all."""
    batch_size: int
    """Images a step."""
    learning_rate: float
    """The highest of its one-cycle schedule."""
    flips: bool
    """Whether pictures were mirrored."""
    seed: int
    """Start of every random choice."""
    device: str
    """Where it was trained."""
    threads: int
    """Processor threads; results repeat for one number of them."""


class Card(Section):
    """The content of evaluator.json, but for its seal."""

    schema_version: Literal[1] = 1
    """Version of this file's layout."""
    info: EvaluatorInfo
    """What it knows."""
    width: Annotated[int, Field(ge=1, le=MAX_WIDTH)]
    """Channels of its first stage; ResNet-18 has 64."""
    label_scores: tuple[LabelScore, ...]
    """Its held-out accuracy for each label."""
    training: Training | None = None
    """How it was trained; None for one from elsewhere."""
    architecture: Literal["resnet18-small", "torchvision-resnet18"] = SMALL
    """Its network: this program's, or torchvision's for an imported one."""
    images: DatasetConfig | None = None
    """The labelled images on which an imported one was measured; None where there were none."""
    weights_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """SHA-256 of weights.safetensors."""

    def sealed_json(self) -> bytes:
        """The file's bytes: the content and, as `seal`, the SHA-256 of it, since a flipped bit may leave valid JSON."""
        content = self.model_dump(mode="json")
        return json.dumps({**content, "seal": _seal(content)}, indent=1, allow_nan=False).encode()


@dataclass(frozen=True)
class EvaluatorFolder:
    """An evaluator on the disk: its folder and the content of its evaluator.json."""

    path: Path
    card: Card

    @property
    def info(self) -> EvaluatorInfo:
        """What it knows, and how well."""
        return self.card.info

    @property
    def images(self) -> DatasetConfig | None:
        """Images that it knows: those that it learned from, or was measured on; None for an imported one without any."""
        return self.card.training.dataset if self.card.training else self.card.images

    @property
    def shipped(self) -> bool:
        """Whether it comes with the program."""
        return self.path.parent == shipped_dir()

    @property
    def owner(self) -> str:
        """The id of the student whose it is; "" for nobody's in particular."""
        with suppress(OSError, ValueError):
            found = read_strictly(self.path / OWNER)
            return one_line(found.get("owner"), 80) if isinstance(found, dict) else ""
        return ""


def kind_of(label_names: tuple[str, ...], exclusive: bool) -> Kind:
    """What labels of these names are: one class of several, objects of the 24, or attributes."""
    if exclusive:
        return "classes"
    return "objects" if set(label_names) == set(OBJECTS) else "attributes"


def shipped_dir() -> Path:
    """The folder of the evaluators that come with the program."""
    return settings.pretrained_dir() / "evaluators"


def available() -> list[EvaluatorFolder]:
    """Every evaluator there is: the user's own, newest first, then those that come with the program.

    A folder without a readable evaluator.json is left out; `read_folder` names its fault.
    """
    own = sorted(_folders(settings.evaluators_dir()), key=lambda path: -(path / CARD).stat().st_mtime_ns)
    found = []
    for path in [*own, *sorted(_folders(shipped_dir()))]:
        with suppress(ValueError):
            found.append(read_folder(path))
    return found


def bytes_of(owner: str) -> int:
    """How many bytes the evaluators of a student take, with those in the bin; 0 for nobody's in particular."""
    kept = sum(folder_bytes(found.path) for found in available() if owner and found.owner == owner)
    return kept + bin.bytes_of(settings.evaluators_dir(), owner)


def held_by(owner: str, runs_dir: Path | None = None) -> int:
    """How many bytes a student keeps in all: runs (in `runs_dir`, or the user's), uploads and evaluators, with what is in the bins."""
    place = runs_dir or settings.runs_dir()
    mine = sum(folder_bytes(run.path) for run in runs.list_runs(place) if owner and run.owner == owner)
    return mine + bin.bytes_of(place, owner) + uploads.bytes_of(owner) + bytes_of(owner)


def delete(folder: EvaluatorFolder, *, actor: Actor | None = None) -> None:
    """Moves an evaluator of the user's own to the bin (see `access.bin`).

    Raises ValueError if it comes with the program, the actor may not, or it cannot be moved.
    """
    if folder.shipped:
        raise ValueError(
            f"The evaluator '{folder.info.name}' comes with the program and stays. Train your own beside it."
        )
    require_right("own", actor, folder.owner)
    bin.discard(folder.path, name=folder.info.name, owner=folder.owner)


def folder_for(config: RunConfig) -> EvaluatorFolder | None:
    """The evaluator for the labels of a run; None for an unconditional run, or when there is none.

    It was trained on the run's own data set (for a folder of pictures: on that very folder) in the same number of
    channels, and knows every label of the run. The user's own comes before one that is shipped.
    """
    return next(iter(fitting(config)), None)


def fitting(config: RunConfig) -> list[EvaluatorFolder]:
    """Every evaluator for the labels of a run, the one to prefer first; see `folder_for`."""
    names = set(config.conditioning.labels)
    return [f for f in of_data(config) if names and names <= set(f.info.label_names)]


def of_data(config: RunConfig) -> list[EvaluatorFolder]:
    """The evaluators that were trained on a run's data set, whatever its labels."""
    dataset = config.dataset
    return [
        folder
        for folder in available()
        if (folder.info.dataset, folder.info.channels) == (dataset.name, dataset.channels)
        and (dataset.name != "folder" or (folder.images is not None and _root(folder.images) == _root(dataset)))
    ]


def require(config: RunConfig, run_name: str) -> EvaluatorFolder:
    """The evaluator for a run, as `folder_for`.

    Raises ValueError if the run is unconditional, there is no evaluator for its data set, or the evaluator does not know a label.
    """
    if not config.conditioning.labels:
        raise ValueError(
            f"The run '{run_name}' is unconditional: nobody tells it what to draw, so there is nothing to compare with. "
            "Train one with labels, for example the preset r2-cgan-lite."
        )
    found = folder_for(config)
    if found:
        return found
    dataset, others = config.dataset, of_data(config)
    way_out = f"Train one with: {how_to_train(config)}"
    if others:
        unknown = [name for name in config.conditioning.labels if name not in others[0].info.label_names]
        raise ValueError(
            f"The evaluator '{others[0].info.name}' for '{dataset.name}' does not know the label '{unknown[0]:.60}' "
            f"of the run '{run_name}'. {way_out}"
        )
    if DATASETS.find(dataset.name).domain != "images":
        raise ValueError(f"The run '{run_name}' draws points, and evaluators look at pictures only.")
    raise ValueError(
        f"There is no evaluator for the data set '{dataset.name}' with {dataset.channels} colour channels. {way_out}"
    )


def read_folder(path: Path) -> EvaluatorFolder:
    """The evaluator in a folder, once its evaluator.json is found whole; its weights are not read.

    Raises ValueError if evaluator.json is missing, damaged, or not one.
    """
    try:
        content = read_strictly(path / CARD)
    except OSError as error:
        raise ValueError(f"The folder '{path}' holds no readable {CARD}, so it is no evaluator.") from error
    except ValueError as error:
        raise ValueError(f"The file '{path / CARD}' is damaged ({error}). Train the evaluator again.") from error
    seal = content.pop("seal", None) if isinstance(content, dict) else None
    try:
        card = TypeAdapter(Card).validate_python(content)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"])) or "content"
        raise ValueError(
            f"The file '{path / CARD}' does not describe an evaluator: {place}: {fault['msg']:.200}."
        ) from error
    if seal != _seal(content):
        raise ValueError(f"The file '{path / CARD}' was changed or damaged: it does not match its own SHA-256.")
    info = card.info
    if not info.label_names or len(set(info.label_names)) != len(info.label_names):
        raise ValueError(f"The file '{path / CARD}' must name each of its labels once; got {len(info.label_names)}.")
    return EvaluatorFolder(path, card)


def how_to_train(config: RunConfig) -> str:
    """The command that trains an evaluator for a run's data set."""
    dataset = config.dataset
    command = f"python -m gan_core train-evaluator {dataset.name}"
    if dataset.root:
        command += f" --root {shlex.quote(dataset.root)}"
    return f"{command} --image-size {dataset.image_size} --channels {dataset.channels}"


def _folders(parent: Path) -> list[Path]:
    return [card.parent for card in parent.glob(f"[a-z0-9]*/{CARD}")]


def _root(dataset: DatasetConfig) -> Path:
    return settings.folder(dataset.root)


def _seal(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
