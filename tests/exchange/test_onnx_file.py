"""ONNX files under onnxruntime: the samples are those of the run, for every network and conditioning, at any batch size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from helpers import tiny_run

from gan_core.config import RunConfig, with_changes
from gan_core.exchange import onnx_file
from gan_core.exchange.formats import FORMATS, export
from gan_core.models.building import build
from gan_core.models.conditioning import CONDITIONINGS
from gan_core.models.networks import NETWORKS
from gan_core.runs import Run, checkpoints
from gan_core.runs.sampler import latents, open_sampler

QUICK = {("dcgan4", "none"), ("resnet", "acgan"), ("vae", "none")}  # an export takes three seconds
COMBINATIONS = [
    pytest.param(network, conditioning, marks=[] if (network, conditioning) in QUICK else pytest.mark.slow)
    for network, entry in NETWORKS.items()
    for conditioning in CONDITIONINGS
    if entry.model == "gan" or (entry.model == "vae" and conditioning == "none")
]


def with_checkpoint(runs_dir: Path, network: str, conditioning: str) -> Run:
    """A run at step 0 whose weights, statistics and running averages are all drawn at random, each for itself."""
    points = NETWORKS[network].domain == "points"
    data = {"dataset__name": "ring8", "training__batch_size": 16} if points else {}
    data |= {"training__ema_decay": 0.0} if network == "vae" else {"network__generator_leak": 0.1}
    run = tiny_run(runs_dir, network__name=network, conditioning__name=conditioning, **data)
    model, rng = build(run.config(), "cpu"), torch.Generator().manual_seed(0)
    for part in (*model.networks.values(), *model.averages.values()):
        for name, tensor in part.state_dict().items():
            if tensor.is_floating_point():
                drawn = torch.randn(tensor.shape, generator=rng) * (0.7 if tensor.dim() == 2 else 0.3)
                tensor.copy_(drawn.abs() + 0.5 if "var" in name else drawn)
    checkpoints.save(run, 0, model, {"seconds": 0.0}, keep=2)
    return run


@pytest.mark.parametrize(("network", "conditioning"), COMBINATIONS)
def test_onnxruntime_draws_what_the_run_draws(runs_dir: Path, tmp_path: Path, network: str, conditioning: str) -> None:
    run = with_checkpoint(runs_dir, network, conditioning)
    sampler, labels = open_sampler(run), run.config().conditioning.labels
    export(run, "onnx", tmp_path / "g.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "g.onnx", providers=["CPUExecutionProvider"])
    assert [value.name for value in session.get_inputs()] == (["z", "labels"] if labels else ["z"])
    for count in (1, 5):
        z = latents(count, sampler.latent_dim, seed=count)
        rows = np.eye(max(len(labels), 1), dtype=np.float32)[np.arange(count) % max(len(labels), 1)][:, : len(labels)]
        (found,) = session.run(["samples"], {"z": z} | ({"labels": rows} if labels else {}))
        wanted = sampler.samples(z, rows)
        assert found.shape == wanted.shape and wanted.std() > 0.01
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4)


def test_the_file_says_what_goes_in_and_where_it_comes_from_and_not_on_which_machine(
    runs_dir: Path, tmp_path: Path
) -> None:
    run = with_checkpoint(runs_dir, "dcgan4", "acgan")
    export(run, "onnx", tmp_path / "g.onnx", step=0)
    told = onnxruntime.InferenceSession(tmp_path / "g.onnx").get_modelmeta().custom_metadata_map
    assert told["ganvas.run"] == run.id and told["latent_dim"] == "8"
    assert json.loads(told["labels"]) == list(run.config().conditioning.labels)
    assert told["labels.rule"] == "exactly one is 1" and told["value_range"].startswith("[-1, 1]")
    assert "handwritten digits" in told["dataset"]
    content = (tmp_path / "g.onnx").read_bytes()
    for private in (str(tmp_path), str(Path(onnx_file.__file__).parent), str(Path(torch.__file__).parent), ".py"):
        assert private.encode() not in content


def test_a_model_that_draws_in_many_steps_is_refused_and_not_offered(runs_dir: Path, tmp_path: Path) -> None:
    run = tiny_run(runs_dir, network__name="unet")
    with pytest.raises(ValueError, match=r"diffusion model draws in many steps.*Export samples, or the run itself"):
        export(run, "onnx", tmp_path / "g.onnx")
    assert not FORMATS["onnx"].fits(run.config()) and FORMATS["samples"].fits(run.config())


def test_what_needs_no_network_leaves_a_run_of_another_version_too() -> None:
    config = with_changes(RunConfig(), {"network.name": "of-tomorrow"})
    assert [name for name, entry in FORMATS.items() if entry.fits(config)] == ["zip", "csv", "log", "tensorboard"]


def test_without_the_packages_the_way_to_them_is_told(
    runs_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = with_checkpoint(runs_dir, "dcgan4", "none")
    monkeypatch.setattr(onnx_file, "NEEDS", ("no_such_package",))
    with pytest.raises(ValueError, match=r"needs no_such_package\. Install what is missing with: pip install"):
        export(run, "onnx", tmp_path / "g.onnx")
    assert not (tmp_path / "g.onnx").exists()
