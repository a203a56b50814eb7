"""PyTorch's DCGAN example: its state dicts become a run, and a run's become its own, to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import TINY, tiny_run
from safetensors.torch import load_file, save_file
from torch import nn

from gan_core.config import RunConfig, with_changes
from gan_core.exchange import dcgan_example
from gan_core.exchange.formats import FORMATS, export
from gan_core.models.building import build
from gan_core.runs import Run, checkpoints, list_runs
from gan_core.runs.sampler import latents, open_sampler
from gan_core.training import loop

SIZE = {"dataset.image_size": 64, "training.max_steps": 1, "training.batch_size": 4, "dataset.num_images": 8}


class Example(nn.Module):
    """A network of the example: all of its layers in `main`."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.main = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.main(x)


def generator(nz: int, ngf: int, nc: int) -> Example:
    """As the example describes it: 1x1 to 4x4, then four times doubled; batch norm and ReLU between; Tanh."""
    layers: list[nn.Module] = [nn.ConvTranspose2d(nz, ngf * 8, 4, 1, 0, bias=False)]
    for factor in (8, 4, 2):
        layers += [nn.BatchNorm2d(ngf * factor), nn.ReLU(True)]
        layers += [nn.ConvTranspose2d(ngf * factor, ngf * factor // 2, 4, 2, 1, bias=False)]
    layers += [nn.BatchNorm2d(ngf), nn.ReLU(True), nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False), nn.Tanh()]
    return Example(*layers)


def discriminator(nc: int, ndf: int) -> Example:
    """As the example describes it: four times halved to 4x4, batch norm after all but the first; a convolution; Sigmoid."""
    layers: list[nn.Module] = [nn.Conv2d(nc, ndf, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for factor in (1, 2, 4):
        layers += [nn.Conv2d(ndf * factor, ndf * factor * 2, 4, 2, 1, bias=False), nn.BatchNorm2d(ndf * factor * 2)]
        layers += [nn.LeakyReLU(0.2, inplace=True)]
    return Example(*layers, nn.Conv2d(ndf * 8, 1, 4, 1, 0, bias=False), nn.Sigmoid())


def randomised(network: nn.Module) -> nn.Module:
    """The network in evaluation mode, with statistics of batch norm that are not those it begins with."""
    rng = torch.Generator().manual_seed(3)
    for name, tensor in network.state_dict().items():
        if "running" in name:
            tensor.copy_(torch.rand(tensor.shape, generator=rng) + 0.5)
    return network.eval()


def config(**changes: Any) -> RunConfig:
    return with_changes(RunConfig(), TINY | SIZE | changes)


def saved(network: nn.Module, path: Path) -> Path:
    save_file(network.state_dict(), path)
    return path


def test_a_run_that_begins_with_the_examples_networks_draws_and_judges_as_they_do(
    runs_dir: Path, tmp_path: Path
) -> None:
    g, d = randomised(generator(8, 4, 1)), randomised(discriminator(1, 4))
    run = dcgan_example.read(
        config(), runs_dir, saved(g, tmp_path / "netG.safetensors"), saved(d, tmp_path / "netD.safetensors")
    )
    assert (run.name, run.status().state, run.trainable_steps()) == ("netG", "stopped", [0])
    z = latents(3, 8, seed=1)
    with torch.no_grad():
        images = g(torch.from_numpy(z)[:, :, None, None])
        judged = d(images).flatten()
    torch.testing.assert_close(torch.from_numpy(open_sampler(run).samples(z)), images, rtol=0, atol=1e-6)
    model = build(run.config(), "cpu")
    checkpoints.load(run, 0, model)
    logits, _ = model.networks["discriminator"].eval()(images, torch.zeros(3, 0))
    torch.testing.assert_close(torch.sigmoid(logits), judged, rtol=0, atol=1e-6)
    run.command("run")
    assert loop.train(run).state == "finished"


def test_the_examples_networks_load_what_a_run_exports(command, runs_dir: Path, tmp_path: Path) -> None:
    run = tiny_run(runs_dir, "mine", **{name.replace(".", "__"): value for name, value in SIZE.items()})
    loop.train(run)
    status, out, err = command("export", "mine", "--as", "dcgan", "--out", tmp_path / "state")
    assert (status, err) == (0, "") and "nz 8, ngf 4, nc 1" in " ".join(out.split())
    g, d = generator(8, 4, 1), discriminator(1, 4)
    g.load_state_dict(load_file(tmp_path / "state" / "generator.safetensors"), strict=True)
    d.load_state_dict(load_file(tmp_path / "state" / "discriminator.safetensors"), strict=True)
    z = latents(3, 8, seed=1)
    with torch.no_grad():
        images = g.eval()(torch.from_numpy(z)[:, :, None, None])
    torch.testing.assert_close(torch.from_numpy(open_sampler(run).samples(z)), images, rtol=0, atol=1e-6)


def test_a_generator_alone_leaves_the_discriminator_as_it_begins(command, runs_dir: Path, tmp_path: Path) -> None:
    file = saved(generator(8, 4, 1), tmp_path / "netG.safetensors")
    changes = [part for name, value in (TINY | SIZE).items() for part in ("--set", f"{name}={value}")]
    status, out, err = command("import", file, "--preset", "mnist-dcgan", *changes, "--name", "begun elsewhere")
    assert (status, err) == (0, "")
    run = Run(Path(out.strip()))
    assert run.name == "begun elsewhere" and "netG.safetensors" in run.note
    model, fresh = build(run.config(), "cpu"), build(run.config(), "cpu")
    checkpoints.load(run, 0, model)
    for name, tensor in fresh.networks["discriminator"].state_dict().items():
        assert torch.equal(tensor, model.networks["discriminator"].state_dict()[name])


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"network.width": 8}, r"'main.0.weight' of netG.safetensors has shape \(8, 32, 4, 4\).*needs \(8, 64, 4, 4\).*--set network.latent_dim=8 --set network.width=4"),
        ({"network.name": "dcgan5"}, "network.name is 'dcgan5', there it is 'dcgan4'"),
        ({"network.generator_leak": 0.1}, "network.generator_leak is 0.1, there it is 0.0"),
        ({"dataset.image_size": 32}, "dataset.image_size is 32, there it is 64"),
    ],
)  # fmt: skip
def test_a_run_of_other_networks_is_refused(runs_dir: Path, tmp_path: Path, changes: dict[str, Any], rule: str) -> None:
    file = saved(generator(8, 4, 1), tmp_path / "netG.safetensors")
    with pytest.raises(ValueError, match=rule):
        dcgan_example.read(config(**changes), runs_dir, file)
    assert list_runs(runs_dir) == []


def test_a_file_that_does_not_fit_is_refused_by_its_first_tensor(runs_dir: Path, tmp_path: Path) -> None:
    whole = generator(8, 4, 1).state_dict()
    for tensors, rule in [
        (
            {name: tensor for name, tensor in whole.items() if name != "main.3.weight"},
            "lacks a tensor: 'main.3.weight'",
        ),
        (discriminator(1, 4).state_dict(), "netG.safetensors lacks a tensor: 'main.1.bias'"),
        (whole | {"main.1.bias": torch.full((32,), torch.nan)}, "'main.1.bias' of netG.safetensors holds numbers that"),
    ]:
        save_file(tensors, tmp_path / "netG.safetensors")
        with pytest.raises(ValueError, match=rule):
            dcgan_example.read(config(), runs_dir, tmp_path / "netG.safetensors")
    for name, content, rule in [
        ("netG.pth", b"", r"is a pickle.*save_file\(net.state_dict\(\), 'netG.safetensors'\)"),
        ("text.safetensors", b"no tensors at all", "is no safetensors file"),
        ("missing.safetensors", None, "cannot be read"),
    ]:
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=rule):
            dcgan_example.read(config(), runs_dir, tmp_path / name)
    assert list_runs(runs_dir) == []


def test_another_discriminator_is_left_out_and_said(runs_dir: Path, tmp_path: Path) -> None:
    sizes = {name.replace(".", "__"): value for name, value in SIZE.items()}
    run = tiny_run(runs_dir, "mine", network__spectral_norm=True, **sizes)
    checkpoints.save(run, 0, build(run.config(), "cpu"), {"seconds": 0.0}, keep=2)
    words = export(run, "dcgan", tmp_path / "state")
    assert "without the discriminator, which is another: network.spectral_norm is True, there it is False" in words
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["generator.safetensors"]
    assert FORMATS["dcgan"].fits(run.config()) and not FORMATS["dcgan"].fits(config(**{"dataset.image_size": 32}))
