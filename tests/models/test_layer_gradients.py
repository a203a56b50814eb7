"""Gradients by layer: the chain rule's closed form, what shows them, and that looking changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from gan_core.analysis.comparing import is_metric
from gan_core.config import RunConfig, with_changes
from gan_core.experiments.slopes import BASE, COMPARISON, PENALTY
from gan_core.figures import layers
from gan_core.figures.charts import available, figure
from gan_core.models.base import TrainingProgress
from gan_core.models.building import build
from gan_core.models.layer_gradients import norms, recorded
from gan_core.training.plan import check
from gan_core.training.step import apply_updates


@pytest.mark.parametrize("weight", [0.1, 3.0])
def test_norms_shrink_or_grow_by_each_layers_weight(weight: float) -> None:
    """Of a chain of scalar layers, whose activations work in place, d out / d layer is the product of the weights above."""
    chain = nn.Sequential(*(part for _ in range(4) for part in (nn.Linear(1, 1, bias=False), nn.ReLU(inplace=True))))
    for layer in chain[::2]:
        nn.init.constant_(layer.weight, weight)
    with recorded(chain) as outputs:
        loss = -chain(torch.tensor([[1.0], [2.0], [5.0]])).mean()
    found = norms(loss, outputs, "d")
    assert list(found) == [f"grad_layer/d/{i:02d}-{2 * i}" for i in range(4)]
    assert [float(norm) for norm in found.values()] == pytest.approx([weight**3, weight**2, weight, 1])
    assert not any(layer._forward_hooks for layer in chain)


def trained(config: RunConfig, steps: int, probe: bool) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    model, found = build(config, "cpu"), {}
    images = torch.rand(
        32, *(() if config.network.name == "mlp" else (1, 16)), 2 if config.network.name == "mlp" else 16
    )
    for done in range(steps):
        updates = apply_updates(
            model, images, torch.zeros(32, 0), TrainingProgress(done, 9), lambda update: update.loss.backward()
        )
        list(updates)
        found = model.probe() if probe else {}
    return found, {
        f"{name}.{key}": t.clone() for name, n in model.networks.items() for key, t in n.state_dict().items()
    }


DIGITS = {"network.name": "dcgan4", "network.width": 4, "dataset.image_size": 16}
GAMES = {
    "spectral": {**DIGITS, "network.spectral_norm": True, "network.discriminator_norm": "none"},
    "paired": {**DIGITS, "objective.name": "relativistic", "augmentation.kinds": "color", "remedies.instance_noise": 0.1},
    "packed points": {"dataset.name": "ring8", "network.name": "mlp", "network.width": 8, "remedies.packing": 4},
}  # fmt: skip


@pytest.mark.parametrize("name", GAMES)
def test_a_probe_follows_every_layer_and_changes_nothing_of_training(name: str) -> None:
    config = with_changes(RunConfig(), GAMES[name])
    check(config)
    torch.manual_seed(0)
    found, weights = trained(config, 3, probe=True)
    torch.manual_seed(0)
    _, plain = trained(config, 3, probe=False)
    assert all(torch.equal(weights[key], plain[key]) for key in plain)
    by_layer = {key: float(value) for key, value in found.items() if key.startswith(layers.PREFIX)}
    assert {layers.network_of(key) for key in by_layer} == {*layers.NETWORKS}
    assert len(by_layer) >= 6 and all(0 < value < float("inf") for value in by_layer.values())


def test_the_charts_show_layers_along_and_runs_or_parts_of_a_run_as_lines() -> None:
    steps = np.arange(1.0, 101)
    columns = {"step": steps} | {
        f"grad_layer/d/{i:02d}-layer{i}": np.where(steps % 10 == 0, 10.0 ** -(3 - i), np.nan) for i in range(4)
    }
    (chart,) = available(list(columns))
    one = figure(chart, columns)
    assert len(one.data) == layers.PARTS and list(one.data[0].y) == pytest.approx([1e-3, 1e-2, 1e-1, 1])
    assert one.layout.yaxis.type == "log" and one.data[-1].name == "steps 90 to 100"
    both = layers.of_runs([columns, {"step": steps}], ["a<b", "none"], "grad_layer/d")
    assert [trace.name for trace in both.data] == ["a&lt;b"]
    assert not is_metric("grad_layer/d/00-layer0") and is_metric("grad_norm/d")


def test_the_comparison_is_of_r3s_presets_and_every_arm_can_run() -> None:
    assert COMPARISON.config(COMPARISON.arm("wgan")) == BASE
    assert COMPARISON.config(COMPARISON.arm("wgan-gp")) == PENALTY
    for arm in COMPARISON.arms:
        check(COMPARISON.config(arm))
