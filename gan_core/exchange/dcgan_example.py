"""The networks of PyTorch's DCGAN example: their state dicts out of a run, and a run out of them. Safetensors only.

Source: pytorch/examples, dcgan/main.py, whose Generator and Discriminator each hold one `main`, an `nn.Sequential`. `dcgan4`
has the same layers in the same order under other names, the example's last convolution of D as its head.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from gan_core.config import RunConfig, get
from gan_core.config.devices import detect
from gan_core.config.reasons import as_os_error, not_written
from gan_core.exchange import output
from gan_core.hub import checks
from gan_core.hub.aside import own_folder
from gan_core.hub.checks import Shapes
from gan_core.models.building import build, build_networks
from gan_core.runs import Run, Status, check_writable, checkpoints, create
from gan_core.runs.folder import move_in
from gan_core.runs.sampler import open_sampler
from gan_core.training.plan import count_checked, decide, total_steps

GENERATOR_LIKE = {"network.name": "dcgan4", "dataset.image_size": 64, "network.generator_leak": 0.0}
DISCRIMINATOR_LIKE = {
    "conditioning.name": "none",
    "network.discriminator_norm": "batch",
    "network.spectral_norm": False,
    "network.leaky_output": False,
    "remedies.packing": 1,
    "remedies.minibatch_std": False,
}
LAST_OF_D = 11  # the number of D's last convolution in the example
_PICKLES = (".pt", ".pth", ".pkl", ".bin")


def write(run: Run, path: Path, *, step: int | None = None) -> str:
    """Writes a folder with generator.safetensors and, where D is the example's too, discriminator.safetensors.

    Of the generator the running average is taken where the run keeps one. Of a conditional one, `nz` is the latent size with
    the number of labels: the example joins nothing to z.

    Returns:
        What it holds, in words.

    Raises:
        ValueError: another generator than the example's, no checkpoint (of that step), a damaged one; `output.new`.
    """
    config = run.config()
    _refuse_other(config, GENERATOR_LIKE)
    sampler = open_sampler(run, step)
    parts: dict[str, nn.Module] = {"generator": sampler.network}
    other = _differing(config, DISCRIMINATOR_LIKE)
    if not other:
        parts["discriminator"] = build_networks(config)["discriminator"]
        checkpoints.load_networks(run, sampler.step, {"discriminator": parts["discriminator"]}, average=False)
    with output.new(path) as place:
        place.mkdir()
        for name, network in parts.items():
            tensors = {_example_name(key): tensor.contiguous() for key, tensor in network.state_dict().items()}
            try:
                save_file(tensors, place / f"{name}.safetensors", {"format": "pt"})
            except SafetensorError as error:
                raise as_os_error(error, place) or error from error
    nz = sampler.latent_dim + len(config.conditioning.labels)
    sizes = f"nz {nz}, ngf {config.network.width}, nc {config.dataset.channels}"
    left_out = f"; without the discriminator, which is another: {other}" if other else ""
    return f"{' and '.join(parts)} of '{run.name}' at step {sampler.step:,}, {sizes}{left_out}"


def read(config: RunConfig, runs_dir: Path, generator: Path, discriminator: Path | None = None, name: str = "") -> Run:
    """Makes a new run whose networks begin with the weights of the example's state dicts.

    Args:
        config: the run's, whose shapes must be those of the files; "auto" is decided here.
        runs_dir: the folder of runs.
        generator, discriminator: safetensors files with `main.0.weight` ...; without the second D begins anew.
        name: the user's name for the run; the file's if empty.

    Raises:
        ValueError: a configuration whose networks are not the example's, a file that cannot be read or holds a pickle, the
            first tensor that does not fit, or a folder that cannot be written. Nothing is left behind.
    """
    _refuse_other(config, GENERATOR_LIKE | (DISCRIMINATOR_LIKE if discriminator else {}))
    num_images = count_checked(config)
    config = decide(config, detect(), num_images)
    needed = build_networks(config, meta=True)
    given = {"generator": generator} | ({"discriminator": discriminator} if discriminator else {})
    tensors = {part: _read(file, needed[part], part) for part, file in given.items()}
    check_writable(runs_dir)
    model = build(config, config.training.device)
    for part, state in tensors.items():
        model.networks[part].load_state_dict(state)
    for part, average in model.averages.items():
        average.load_state_dict(model.networks[part].state_dict())
    try:
        with own_folder(runs_dir) as aside:
            run = create(aside, config, name or generator.stem[:80])
            checkpoints.save(run, 0, model, {"seconds": 0.0}, config.recording.keep_checkpoints)
            run.add_event("checkpoint", 0)
            run.describe(note=f"Begins with the weights of {', '.join(file.name for file in given.values())}.")
            run.write_status(
                Status(state="stopped", total_steps=total_steps(config, num_images), device=config.training.device)
            )
            return move_in(run.path, runs_dir, config.preset)
    except OSError as error:
        raise ValueError(not_written(f"The runs folder {runs_dir}", error, "GANVAS_RUNS_DIR")) from error


def _differing(config: RunConfig, wanted: Mapping[str, Any]) -> str:
    """The first setting in which the networks differ from the example's, in words; "" if none does."""
    others = ((name, get(config, name), value) for name, value in wanted.items())
    return next((f"{name} is {got!r}, there it is {value!r}" for name, got, value in others if got != value), "")


def _refuse_other(config: RunConfig, wanted: Mapping[str, Any]) -> None:
    if other := _differing(config, wanted):
        raise ValueError(f"These networks are not those of PyTorch's DCGAN example: {other}.")


def _example_name(key: str) -> str:
    """The example's name of a tensor of `dcgan4`'s generator or discriminator."""
    if key.startswith("head."):
        return f"main.{LAST_OF_D}.{key.removeprefix('head.')}"
    return re.sub(r"^(backbone\.)?layers\.", "main.", key)


def _read(file: Path, network: nn.Module, part: str) -> dict[str, torch.Tensor]:
    """The tensors of a file under our names, found to fit a network that may be on `meta`."""
    if file.suffix.lower() in _PICKLES:
        raise ValueError(
            f"{file.name} is a pickle: opening it can run any program on this computer. Where it was made, write "
            f"safetensors.torch.save_file(net.state_dict(), '{file.stem}.safetensors')."
        )
    names = {_example_name(key): key for key in network.state_dict()}
    needed = {
        theirs: (tuple(network.state_dict()[ours].shape), str(network.state_dict()[ours].dtype).removeprefix("torch."))
        for theirs, ours in names.items()
    }
    try:
        found = checks.header(file)
        try:
            checks.fits(found, needed, file.name)
        except ValueError as misfit:
            raise ValueError(f"{misfit}{_way_out(found, part)}") from None
        checks.check_finite(file, file.name)
        return {names[theirs]: tensor for theirs, tensor in load_file(file).items()}
    except OSError as error:
        raise ValueError(f"The file {file} cannot be read ({error.strerror or error}).") from error


def _way_out(found: Shapes, part: str) -> str:
    """The settings that a generator's file fits, where it is the example's of any size."""
    first, last = (found.get(f"main.{number}.weight", ((), ""))[0] for number in (0, 12))
    if part != "generator" or len(first) != 4 or len(last) != 4:
        return ""
    return (
        f" For this file: --set network.latent_dim={first[0]} --set network.width={last[0]} "
        f"--set dataset.channels={last[1]}."
    )
