"""Checkpoints: everything that training needs to continue as if it had never stopped.

    checkpoints/step-00000500/model.safetensors      networks, "generator.layers.0.weight" ...
                              ema.safetensors        running averages, if the run keeps any
                              profiles.safetensors   averages whose length is chosen afterwards, if the run keeps any
                              optimizer.safetensors  "generator.0.exp_avg" ...: optimiser, parameter number, state name
                              state.json             step, random states, the model's scalars, hyperparameters of the optimisers

Written aside, fsynced, entered in the run's manifest.json with their SHA-256, then renamed into place: a crash at any
moment leaves the older checkpoints whole. No pickle is read or written.

A checkpoint that is passed on, with the program or through the Hub, may lack optimizer.safetensors (it can then be
sampled from, not trained further) and may hold half-precision weights, which are read as float32.
"""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from gan_core.config import read_bounded
from gan_core.config.reasons import as_os_error
from gan_core.models import posthoc_ema
from gan_core.models.base import GenerativeModel
from gan_core.models.kinds import kind_of
from gan_core.models.optimizers import state_names
from gan_core.runs import files
from gan_core.runs.portable import checked_state, sha256
from gan_core.runs.run import Run

PROFILES = "profiles.safetensors"


def save(run: Run, step: int, model: GenerativeModel, extra: Mapping[str, Any], keep: int) -> None:
    """Writes the checkpoint of `step`, in place of one that is there, then thins the older ones to `keep`.

    Args:
        run: whose.
        step: steps done.
        model: what to keep.
        extra: JSON values to find again on load (seconds trained, say).
        keep: how many checkpoints may stay; the first and the newest always do.

    Raises:
        ValueError: a weight is not finite; such a checkpoint cannot be continued from.
        OSError: the disk is full.
    """
    place = run.checkpoint_dir(step)
    aside = run.checkpoints_dir / f"{files.TEMPORARY}{place.name}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        _write_tensors(aside / "model.safetensors", _named_tensors(model.networks), step)
        if model.averages:
            _write_tensors(aside / "ema.safetensors", _named_tensors(model.averages), step)
        if model.profiles:
            _write_tensors(aside / PROFILES, _named_tensors(model.profiles), step)
        optimizers = _stored_optimizers(run, model)
        _write_tensors(aside / "optimizer.safetensors", _optimizer_tensors(optimizers), step)
        rng = base64.b64encode(model.rng.get_state().numpy().tobytes()).decode("ascii")
        groups = {name: optimizer.state_dict()["param_groups"] for name, optimizer in optimizers.items()}
        scalars = {name: float(value) for name, value in model.scalars().items()}
        state = {"step": step, "rng": rng, "groups": groups, **({"scalars": scalars} if scalars else {}), **extra}
        files.write_json(aside / "state.json", state)
        hashes = {f"{place.name}/{file.name}": sha256(file) for file in sorted(aside.iterdir())}
        stale = _thinned(run.checkpoint_steps(), step, keep)
        _update_manifest(run, hashes)
        _remove(place)
        aside.rename(place)
        files.sync_folder(run.checkpoints_dir)
    except SafetensorError as error:
        raise as_os_error(error, aside) or error from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    for old in stale:
        _remove(run.checkpoint_dir(old))


def load(run: Run, step: int, model: GenerativeModel) -> dict[str, Any]:
    """Puts the checkpoint of `step` into a freshly built model, on its device.

    Returns:
        The content of state.json.

    Raises:
        ValueError: a file is missing, damaged, or does not fit the architecture. The model is then unusable.
    """
    place = run.checkpoint_dir(step)
    content = read_bounded(_verified(run, place / "state.json"))
    state = checked_state(content, run.config(), f"{place.name}/state.json")
    _fill(model.networks, _read_tensors(run, place / "model.safetensors"), place)
    if model.averages:
        _fill(model.averages, _read_tensors(run, place / "ema.safetensors"), place)
    if model.profiles and (place / PROFILES).exists():
        _fill(model.profiles, _read_tensors(run, place / PROFILES), place)
    elif step:
        model.profiles.clear()  # of a run that was passed on; begun in its middle they would be of other lengths
    tensors = _read_tensors(run, place / "optimizer.safetensors")
    for name, optimizer in _stored_optimizers(run, model).items():
        own = {key.removeprefix(f"{name}."): tensors.pop(key) for key in [*tensors] if key.startswith(f"{name}.")}
        _fill_optimizer(optimizer, own, state["groups"][name][0], place)
    if tensors:
        raise _misfit(place, min(tensors))
    try:
        model.rng.set_state(torch.frombuffer(bytearray(base64.b64decode(state["rng"])), dtype=torch.uint8))
    except RuntimeError as error:
        raise ValueError(
            f"{place.name}/state.json holds no valid random state ({str(error)[:120]}). Use another checkpoint."
        ) from error
    for name, value in model.scalars().items():  # a branch that begins to adapt finds none, and begins afresh
        value.fill_(float(state.get("scalars", {}).get(name, value)))
    return state


def load_networks(run: Run, step: int, networks: Mapping[str, nn.Module], *, average: bool) -> None:
    """Puts only the weights of the checkpoint of `step` into networks, for sampling.

    Args:
        run, step: which checkpoint.
        networks: name -> network to fill; the checkpoint may hold more.
        average: read the running averages instead of the weights.

    Raises:
        ValueError: as `load`.
    """
    place = run.checkpoint_dir(step)
    tensors = _read_tensors(run, place / ("ema.safetensors" if average else "model.safetensors"))
    wanted = {k: v for k, v in tensors.items() if k.partition(".")[0] in networks}
    _fill(networks, wanted, place)


def profiles(run: Run, steps: Sequence[int], network: nn.Module) -> Iterator[dict[str, nn.Module]]:
    """Name -> average of the network, of each of these steps; the same modules, filled anew each time.

    Raises ValueError as `load`.
    """
    held = posthoc_ema.begin(network)
    for step in steps:
        place = run.checkpoint_dir(step)
        _fill(held, _read_tensors(run, place / PROFILES), place)
        yield held


def profile_steps(run: Run) -> list[int]:
    """The steps, after the first, whose checkpoints hold averages of which one of any length is made."""
    return [step for step in run.checkpoint_steps() if step and (run.checkpoint_dir(step) / PROFILES).exists()]


def _named_tensors(networks: Mapping[str, nn.Module]) -> dict[str, Tensor]:
    return {f"{name}.{key}": tensor for name, network in networks.items() for key, tensor in _state(network).items()}


def _state(network: nn.Module) -> dict[str, Tensor]:
    """The network's weights under its own names, whatever wraps it."""
    inner = network
    while isinstance(getattr(inner, "module", None), nn.Module) and hasattr(inner, "_forward_module"):
        inner = inner.module  # type: ignore[assignment]
    return inner.state_dict()


def _stored_optimizers(run: Run, model: GenerativeModel) -> dict[str, Optimizer]:
    """The name in the files -> optimiser."""
    return {part.stored_name: model.optimizers[part.name] for part in kind_of(run.config()).optimizers}


def _optimizer_tensors(optimizers: Mapping[str, Optimizer]) -> dict[str, Tensor]:
    tensors = {}
    for name, optimizer in optimizers.items():
        for index, values in optimizer.state_dict()["state"].items():
            for key, value in values.items():
                tensors[f"{name}.{index}.{key}"] = torch.as_tensor(value)
    return tensors


def _write_tensors(path: Path, tensors: Mapping[str, Tensor], step: int) -> None:
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise ValueError(
                f"The weight '{name}' is no longer finite at step {step:,}: the numbers have grown without bound. "
                "Start again from an earlier checkpoint with a smaller learning rate."
            )
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, path)
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _read_tensors(run: Run, path: Path) -> dict[str, Tensor]:
    verified = _verified(run, path)
    try:
        return load_file(verified)
    except (SafetensorError, ValueError, OSError) as error:
        raise ValueError(
            f"The checkpoint file {path.parent.name}/{path.name} of '{run.id}' is damaged ({error})."
        ) from error


def _fill(networks: Mapping[str, nn.Module], tensors: Mapping[str, Tensor], place: Path) -> None:
    """Copies tensors into networks, in place, after names and shapes were found equal."""
    expected = _named_tensors(networks)
    if tensors.keys() != expected.keys():
        odd = sorted(tensors.keys() ^ expected.keys())
        raise ValueError(
            f"The checkpoint {place.name} does not fit this architecture: {len(odd)} tensors differ, the first '{odd[0]:.80}'."
        )
    for name, target in expected.items():
        found = tensors[name]
        if found.shape != target.shape or not fits(found.dtype, target.dtype):
            raise ValueError(
                f"The tensor '{name}' of checkpoint {place.name} has shape {tuple(found.shape)} and type {found.dtype}; "
                f"this architecture needs {tuple(target.shape)} and {target.dtype}."
            )
        _check_finite(name, found, place)
    with torch.no_grad():
        for name, target in expected.items():
            target.copy_(tensors[name])


def fits(stored: torch.dtype, needed: torch.dtype) -> bool:
    """Whether a tensor stored as one type may fill a tensor of another: the same, or half precision for float32."""
    return stored == needed or (stored == torch.float16 and needed == torch.float32)


def _fill_optimizer(optimizer: Optimizer, tensors: Mapping[str, Tensor], kept: Mapping[str, Any], place: Path) -> None:
    """Puts "0.exp_avg" ... into an optimiser: for every parameter all that it keeps, or nothing at all.

    It keeps nothing before its first step, which comes late for a generator whose critic has many turns.

    Of its settings, rate and betas are those of the checkpoint, `kept`; all others stay those of the configuration.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        number, _, kind = key.partition(".")
        index = int(number) if number.isdecimal() else len(parameters)
        if index >= len(parameters) or tensor.shape != (() if kind == "step" else parameters[index].shape):
            raise _misfit(place, key)
        _check_finite(key, tensor, place)
        if kind == "step" and tensor < 1:  # its square average would be divided by 0
            raise _misfit(place, key)
        if kind != "step":  # in the parameter's memory layout, which fused steps rely on
            tensor = torch.empty_like(parameters[index]).copy_(tensor)
        state.setdefault(index, {})[kind] = tensor
    names = state_names(optimizer, kept)
    if state and (len(state) != len(parameters) * bool(names) or {frozenset(k) for k in state.values()} - {names}):
        raise ValueError(
            f"The optimisers' state in checkpoint {place.name} does not fit this architecture, or is not whole: each weight "
            f"needs {', '.join(sorted(names)) or 'nothing'}. Use another checkpoint."
        )
    changes: dict[str, Any] = {"lr": kept["lr"]}
    if "betas" in kept:
        changes["betas"] = tuple(kept["betas"])
    groups = [
        group | {name: value for name, value in changes.items() if name in group}
        for group in optimizer.state_dict()["param_groups"]
    ]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _check_finite(name: str, tensor: Tensor, place: Path) -> None:
    if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
        raise ValueError(f"The tensor '{name}' of checkpoint {place.name} is not finite.")


def _misfit(place: Path, name: str) -> ValueError:
    return ValueError(f"The tensor '{name:.80}' of checkpoint {place.name} does not fit this architecture.")


def _thinned(existing: list[int], newest: int, keep: int) -> list[int]:
    """Which of the existing steps to drop, so that with `newest` at most `keep` stay, evenly spread."""
    kept = [*(step for step in existing if step < newest), newest]  # later ones are damaged and will be replaced
    dropped = []
    while len(kept) > max(keep, 2):
        gaps = [kept[i + 1] - kept[i - 1] for i in range(1, len(kept) - 1)]
        dropped.append(kept.pop(1 + gaps.index(min(gaps))))
    return dropped


def _remove(place: Path) -> None:
    """Removes a checkpoint, if it is there, so that it is never seen in part."""
    gone = place.with_name(f"{files.TEMPORARY}gone-{place.name}")
    if place.exists():
        place.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _update_manifest(run: Run, hashes: Mapping[str, str]) -> None:
    if files.damage(run.manifest_path):
        shutil.copyfile(run.manifest_path, files.aside_name(run.manifest_path, "damaged"))
    existing = {
        name: digest
        for name, digest in files.read_json(run.manifest_path).items()
        if (run.checkpoints_dir / name).exists()
    }
    files.write_json(run.manifest_path, {**existing, **hashes})


def _verified(run: Run, path: Path) -> Path:
    """The path, once the file's hash was found to be the manifest's: nothing else notices a flipped bit."""
    name = f"{path.parent.name}/{path.name}"
    if not path.exists():
        raise ValueError(f"The checkpoint file {name} of '{run.id}' is missing.")
    expected = files.read_json(run.manifest_path).get(name)
    if expected is None:
        raise ValueError(f"The checkpoint file {name} of '{run.id}' is not in its manifest, so it is not loaded.")
    if sha256(path) != expected:
        raise ValueError(
            f"The checkpoint file {name} of '{run.id}' is damaged: its SHA-256 is not the manifest's. Use another checkpoint."
        )
    return path
