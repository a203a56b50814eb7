"""Is this a run of Ganvas, and a harmless one? Everything that can be asked before a byte of weights is allocated.

In this order: the names and sizes that the Hub lists, the configuration, the sizes that its architecture needs (built on
`meta`, where weights take no memory), each file's hash, each safetensors header, and last whether all numbers are finite.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gan_core.config import RunConfig, parse_config, read_bounded, strict_json, strict_object
from gan_core.hub import listing
from gan_core.hub.listing import Listed
from gan_core.models.kinds import kind_of
from gan_core.runs import portable
from gan_core.runs.portable import RunFile
from gan_core.training.plan import check

MAX_PARAMETERS = 200_000_000
MAX_HEADER_BYTES = 1_000_000
_TYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip

Shapes = Mapping[str, tuple[tuple[int, ...], str]]
"""Tensor name -> its shape and torch's name of its type."""


def configuration(text: bytes) -> RunConfig:
    """The configuration in an untrusted file. Raises ValueError if its layout, names or combination are not valid."""
    config = parse_config(_json(text, "config"))
    check(config)
    return config


def _json(text: bytes, kind: str) -> Any:
    try:
        return strict_json(text)
    except ValueError as error:
        raise ValueError(f"The run's {portable.JSON_NAMES[kind]} is damaged: {error}") from error


def expected_tensors(config: RunConfig) -> Shapes:
    """The tensors of a checkpoint's model file, without allocating them. Raises ValueError above MAX_PARAMETERS numbers."""
    from gan_core.models.building import build_networks

    try:
        networks = build_networks(config, meta=True)
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"The architecture of this configuration cannot be built ({str(error)[:120]}).") from None
    shapes = {
        f"{name}.{key}": (tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))
        for name, network in networks.items()
        for key, tensor in network.state_dict().items()
    }
    count = sum(math.prod(shape) for shape, _type in shapes.values())
    if count > MAX_PARAMETERS:
        raise ValueError(f"This model has {count:,} weights; models of at most {MAX_PARAMETERS:,} are fetched.")
    return shapes


def sizes(files: Mapping[str, Listed], config: RunConfig, shapes: Shapes) -> None:
    """Raises ValueError if a checkpoint's size, as the Hub lists it, is not what the architecture needs."""
    for part in listing.parts(files):
        if part.kind not in ("model", "ema"):
            continue
        if part.kind == "model":
            _complete(files, part.step, config)
        needed, size = _bytes(_of(part, config, shapes)), files[part.name].size or 0
        if not needed // 2 <= size <= needed + MAX_HEADER_BYTES:  # weights may come in half precision
            raise ValueError(
                f"The file {part.name} has {size:,} bytes; the architecture of its configuration needs {needed:,}."
            )


def _complete(files: Mapping[str, Listed], step: int, config: RunConfig) -> None:
    kinds = ["state", *(["ema"] if config.training.ema_decay else [])]
    absent = [name for kind in kinds if (name := portable.checkpoint_name(step, kind)) not in files]
    if absent:
        raise ValueError(f"The checkpoint of step {step:,} is not whole: {', '.join(absent)} is missing.")


def content(path: Path, listed: Listed) -> None:
    """Raises ValueError if a file's hash is not the one that the Hub lists; the Hub's client checks its size only."""
    if listed.sha256:
        same = portable.sha256(path) == listed.sha256
    elif listed.git:
        start = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
        with path.open("rb") as file:
            same = hashlib.file_digest(file, lambda: start).hexdigest() == listed.git
    else:
        same = True  # checkpoints are still checked against the manifest
    if not same:
        raise ValueError(
            f"The file {listed.name} arrived with another content than the Hub lists: its hash differs. Try again."
        )


def manifest(place: Path, names: Iterable[str]) -> None:
    """Raises ValueError if a checkpoint file is not in the run's manifest, or has another hash there."""
    known = _json(read_bounded(place / portable.JSON_NAMES["manifest"]), "manifest")
    for part in listing.parts(names):
        if part.kind not in portable.CHECKPOINT_KINDS:
            continue
        told = known.get(part.name.partition("/")[2]) if isinstance(known, dict) else None
        if told is None:
            raise ValueError(f"The file {part.name} is not in the run's manifest, so it cannot be trusted.")
        if portable.sha256(place / part.name) != told:
            raise ValueError(f"The file {part.name} is damaged: its hash is not the one in the run's manifest.")


def tensors(place: Path, names: Iterable[str], config: RunConfig, shapes: Shapes) -> None:
    """Refuses checkpoint files whose tensors are not the architecture's, by name, shape, type and number; then reads them
    one at a time and refuses numbers that are not finite. So too state.json, as `portable.checked_state` says.

    Raises:
        ValueError: if one differs, with the file and the tensor.
    """
    for part in listing.parts(names):
        if part.kind in ("model", "ema"):
            fits(header(place / part.name), _of(part, config, shapes), part.name)
        elif part.kind == "optimizer":
            fits_optimizer(header(place / part.name), shapes, config, part.name)
        else:
            if part.kind == "state":
                portable.checked_state(read_bounded(place / part.name), config, part.name)
            continue
        check_finite(place / part.name, part.name)


def header(path: Path) -> Shapes:
    """The tensors that a safetensors file declares; none of them is read.

    Raises:
        ValueError: if it is no safetensors file, has a header larger than MAX_HEADER_BYTES, or a name twice.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > min(MAX_HEADER_BYTES, path.stat().st_size - 8):
            raise ValueError(f"The file {path.name} is no safetensors file, or its header is too large.")
        text = file.read(length)
    told = strict_object(text)
    told.pop("__metadata__", None)
    shapes: dict[str, tuple[tuple[int, ...], str]] = {}
    for name, entry in told.items():
        shape, kind = (entry.get("shape"), entry.get("dtype")) if isinstance(entry, dict) else (None, None)
        whole = isinstance(shape, list) and all(isinstance(n, int) and 0 <= n < 2**40 for n in shape)
        if not whole or not isinstance(kind, str) or kind not in _TYPES:
            raise ValueError(f"The file {path.name} declares a tensor {name[:80]!r} without a shape or a known type.")
        shapes[name] = (tuple(shape or ()), _TYPES[kind])
    return shapes


def fits(found: Shapes, needed: Shapes, where: str) -> None:
    """Raises ValueError, with the first that differs, if tensors are not exactly those that the architecture needs."""
    odd = sorted(found.keys() ^ needed.keys())
    if odd:
        kind = "has a tensor that the architecture does not have" if odd[0] in found else "lacks a tensor"
        raise ValueError(f"The file {where} {kind}: {odd[0][:80]!r} ({len(odd)} differ in all).")
    for name, (shape, kind) in needed.items():
        halved = kind == "float32" and found[name][1] == "float16"
        if found[name][0] != shape or not (halved or found[name][1] == kind):
            raise ValueError(
                f"The tensor {name[:80]!r} of {where} has shape {found[name][0]} and type {found[name][1]}; "
                f"the architecture needs {shape} and {kind}."
            )


def fits_optimizer(found: Shapes, shapes: Shapes, config: RunConfig, where: str) -> None:
    """Raises ValueError, with the first of them, if optimiser states belong to no weight of the architecture, or one is not whole."""
    import torch

    from gan_core.models.optimizers import build_optimizer, state_names

    allowed = {(), *(shape for shape, _type in shapes.values())}
    weight = torch.nn.Parameter(torch.zeros(1))
    made = {
        part.stored_name: build_optimizer(getattr(config, part.section), [weight])
        for part in kind_of(config).optimizers
    }
    whole = {name: {state_names(one, {"momentum": m}) for m in (0.0, 0.5)} for name, one in made.items()}
    states: dict[str, set[str]] = {}
    for name, (shape, _type) in found.items():
        optimizer, _, rest = name.partition(".")
        number, _, state = rest.partition(".")
        states.setdefault(f"{optimizer}.{number}", set()).add(state)
        known = any(state in names for names in whole.get(optimizer, ()))
        if not known or not number.isdecimal() or int(number) >= len(shapes) or shape not in allowed:
            raise ValueError(
                f"The optimiser's state {name[:80]!r} in {where} belongs to no weight of the architecture."
            )
    for name, kept in states.items():
        if kept not in (sets := whole[name.partition(".")[0]]):
            fewest = min(sets, key=len)
            needed = ", ".join(sorted(fewest))
            raise ValueError(f"The optimiser's state of {name[:80]!r} in {where} is not whole: it needs {needed}.")


def check_finite(path: Path, where: str) -> None:
    """Raises ValueError, with the tensor, if a safetensors file is damaged or holds numbers that are not finite."""
    import torch
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 - it is no mapping
                tensor = file.get_tensor(name)
                if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                    raise ValueError(f"The tensor {name[:80]!r} of {where} holds numbers that are not finite.")
    except SafetensorError as error:
        raise ValueError(f"The file {where} is no sound safetensors file ({error}).") from None


def _of(part: RunFile, config: RunConfig, shapes: Shapes) -> Shapes:
    """What a model or average file must hold: an average is kept of the network that draws alone."""
    if part.kind == "model":
        return shapes
    if not config.training.ema_decay:
        raise ValueError(
            f"The file {part.name} holds running averages, which the configuration says there are none of."
        )
    drawn_by = kind_of(config).drawn_by
    return {name: value for name, value in shapes.items() if name.startswith(f"{drawn_by}.")}


def _bytes(shapes: Shapes) -> int:
    widths = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "float16": 2, "bfloat16": 2, "int16": 2}
    return sum(math.prod(shape) * widths.get(kind, 1) for shape, kind in shapes.values())
