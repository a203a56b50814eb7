"""One suite over every legal combination: it trains, samples, round-trips through JSON and resumes bit-exactly.

Network x objective x penalty x conditioning, but for a few pairs of loss and penalty; every other switch on top of a plain GAN; the VAE's choices, and diffusion's.
"""

from __future__ import annotations

import itertools

import pytest
import torch
from helpers import MACHINE

from gan_core import datasets, runs
from gan_core.config import RunConfig, parse_config, strict_json, with_changes
from gan_core.datasets.batches import Batches
from gan_core.models import compatibility
from gan_core.models.augmentation import AUGMENTATIONS
from gan_core.models.base import GenerativeModel, TrainingProgress
from gan_core.models.building import build
from gan_core.models.conditioning import CONDITIONINGS
from gan_core.models.networks import NETWORKS
from gan_core.models.objectives import OBJECTIVES
from gan_core.models.penalties import PENALTIES
from gan_core.runs import checkpoints
from gan_core.training.plan import resolve
from gan_core.training.step import apply_updates

TINY = {
    "dataset.num_images": 24,
    "dataset.image_size": 8,
    "network.width": 2,
    "network.latent_dim": 3,
    "training.batch_size": 12,
    "training.threads": 1,
    "training.ema_decay": 0.5,
}
GANS = [name for name, entry in NETWORKS.items() if entry.model == "gan"]
APART = {("relativistic", "gradient"), ("relativistic", "dragan")} | {
    (objective, penalty) for objective in ("least_squares", "wasserstein", "hinge") for penalty in ("r2", "r1_r2")
}  # pairs of parts that are each tried with others
ADAPTIVE = {
    "augmentation.kinds": ",".join(AUGMENTATIONS),
    "augmentation.adaptive": True,
    "augmentation.ramp_images": 1000,
}
FULL = [
    {"network.name": n, "objective.name": o, "penalty.name": p, "conditioning.name": c}
    for n, o, p, c in itertools.product(GANS, OBJECTIVES, PENALTIES, CONDITIONINGS)
    if (o, p) not in APART
]
SWITCHES = [
    {"objective.n_critic": 2, "objective.weight_clip": 0.05, "objective.name": "wasserstein"},
    {"objective.real_weight": 0.0},
    {"objective.name": "relativistic", "remedies.packing": 2, "remedies.instance_noise": 0.3},
    {"objective.name": "relativistic", "remedies.minibatch_std": True, "objective.n_critic": 2},
    {"network.spectral_norm": True},
    {"network.spectral_norm": True, "network.name": "resnet", "objective.name": "hinge"},
    {"network.spectral_norm": True, "network.spectral_scale": 3.0},
    {"network.generator_leak": 0.2, "network.leaky_output": True},
    {"network.discriminator_norm": "none", "network.name": "dcgan5"},
    {"remedies.packing": 2},
    {"remedies.packing": 4, "network.name": "mlp"},
    {"remedies.minibatch_std": True},
    {"remedies.label_smoothing": 0.1, "remedies.instance_noise": 0.3},
    {"conditioning.name": "acgan", "conditioning.labels": "3,1"},
    *({"augmentation.kinds": kind} for kind in AUGMENTATIONS),
    *({"network.name": n, **ADAPTIVE} for n in GANS if NETWORKS[n].domain == "images"),
    *({"objective.name": o, **ADAPTIVE} for o in OBJECTIVES),
    {"objective.name": "relativistic", "remedies.packing": 2, "objective.n_critic": 2, **ADAPTIVE},
    {"augmentation.kinds": "color,translation,cutout", "penalty.name": "gradient", "conditioning.name": "projection"},
    *({"generator_optimizer.name": o, "discriminator_optimizer.name": o} for o in ("adamax", "rmsprop", "sgd")),
    *(
        {"generator_optimizer.schedule": s, "discriminator_optimizer.schedule": s}
        for s in ("linear", "cosine", "warmup")
    ),
    {"network.name": "vae", "generator_optimizer.schedule": "linear", "training.ema_decay": 0},
    *(
        {"network.name": "vae", "vae.kl_reduction": r, "vae.reconstruction": k, "training.ema_decay": 0}
        for r, k in itertools.product(("mean", "sum"), ("mse", "bce"))
    ),
    *(
        {"network.name": "mlp_time", "diffusion.objective": o, "diffusion.schedule": s}
        for o, s in itertools.product(("epsilon", "x0", "v"), ("linear", "cosine"))
        if (o, s) != ("epsilon", "cosine")  # not of points
    ),
    {"network.name": "unet", "diffusion.attention": True, "diffusion.objective": "epsilon"},
    {"network.name": "unet", "dataset.image_size": 16, "dataset.channels": 3},
    {"network.name": "unet", "conditioning.name": "concat", "diffusion.guidance": 2.0, "conditioning.labels": "3,1"},
]


def legal(changes: dict[str, object]) -> dict[str, object]:
    """The changes with what they need beside them: points for the MLP, no batch norm under a per-sample penalty."""
    domain = NETWORKS[str(changes.get("network.name", "dcgan4"))].domain
    data = {"dataset.name": "ring8"} if domain == "points" else {}
    penalty = PENALTIES[str(changes.get("penalty.name", "none"))]
    norm = {"network.discriminator_norm": "none"} if penalty and not penalty.allows_batch_norm else {}
    return {**data, **norm, **changes}


def make(changes: dict[str, object]) -> RunConfig:
    return resolve(with_changes(RunConfig(), {**TINY, **legal(changes)}), MACHINE)


def play(model: GenerativeModel, batches: Batches, steps: range) -> list[dict[str, float]]:
    recorded = []
    for step in steps:
        progress = TrainingProgress(step, 4)
        updates = apply_updates(model, *batches.batch(step), progress, lambda update: update.loss.backward())
        try:
            while True:
                next(updates)
        except StopIteration as done:
            recorded.append({name: value.item() for name, value in done.value.items()})
    return recorded


def weights(model: GenerativeModel) -> list[torch.Tensor]:
    return [t.clone() for n in [*model.networks.values(), *model.averages.values()] for t in n.state_dict().values()]


@pytest.mark.parametrize("changes", [*FULL, *SWITCHES], ids=lambda c: "-".join(str(v) for v in c.values()))
def test_it_trains_samples_round_trips_and_resumes_bit_exactly(runs_dir, changes):
    torch.set_num_threads(1)
    config = make(changes)
    assert parse_config(strict_json(config.to_json())) == config
    dataset = datasets.prepare(config.dataset).with_labels(config.conditioning.labels)
    batches = Batches(dataset, config.training.batch_size, 0)

    whole = build(config, "cpu")
    before = weights(whole)
    play(whole, batches, range(2))
    run = runs.create(runs_dir, config)
    checkpoints.save(run, 2, whole, {"seconds": 0.0}, keep=2)
    after = play(whole, batches, range(2, 4))
    assert all(torch.isfinite(torch.tensor(list(step.values()))).all() for step in after)
    assert any(not torch.equal(a, b) for a, b in zip(before, weights(whole), strict=True))

    resumed = build(config, "cpu")
    checkpoints.load(run, 2, resumed)
    assert play(resumed, batches, range(2, 4)) == after
    assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(resumed), strict=True))

    z, labels = torch.randn(5, config.network.latent_dim), torch.zeros(5, len(config.conditioning.labels))
    samples = whole.sample(z, labels)
    assert samples.shape == (5, *datasets.image_shape(config.dataset)) and bool(torch.isfinite(samples).all())


ILLEGAL = {
    "vae without a game": {"network.name": "vae", "objective.name": "hinge"},
    "vae without ema": {"network.name": "vae", "training.ema_decay": 0.9},
    "diffusion without a game": {"network.name": "unet", "remedies.packing": 2},
    "diffusion needs the time": {"network.name": "resnet", "diffusion.objective": "epsilon"},
    "labels added to the time": {"network.name": "unet", "conditioning.name": "projection"},
    "guidance by labels": {"network.name": "unet", "diffusion.guidance": 3.0},
    "guidance needs hidden labels": {
        "network.name": "unet", "conditioning.name": "concat", "diffusion.guidance": 3.0, "diffusion.condition_dropout": 0.0,
    },
    "sampling within the process": {"network.name": "unet", "diffusion.steps": 49},
    "noise of points at a cosine's end": {
        "dataset.name": "ring8", "network.name": "mlp_time", "diffusion.objective": "epsilon",
    },
    "gradient penalty without batch norm": {"penalty.name": "gradient"},
    "gradient penalty without minibatch std": {
        "penalty.name": "dragan", "network.discriminator_norm": "none", "remedies.minibatch_std": True,
    },
    "penalty without packing": {"penalty.name": "r1", "remedies.packing": 2},
    "one bound on the critic": {"network.spectral_norm": True, "objective.weight_clip": 0.01},
    "scale of a spectral norm": {"network.spectral_scale": 3.0},
    "packing without labels": {"remedies.packing": 2, "conditioning.name": "concat"},
    "whole packs": {"remedies.packing": 5},
    "batch norm of packs": {"dataset.name": "ring8", "network.name": "mlp", "remedies.packing": 8, "training.batch_size": 8},
    "smoothing needs a target": {"objective.name": "hinge", "remedies.label_smoothing": 0.1},
    "pairs without parts": {"objective.name": "relativistic", "objective.fake_weight": 0.5},
    "augmentation of images": {"dataset.name": "ring8", "network.name": "mlp", "augmentation.kinds": "cutout"},
    "something to adapt": {"augmentation.adaptive": True},
    "something to learn": {"objective.real_weight": 0, "objective.fake_weight": 0},
}  # fmt: skip


def test_every_rule_has_a_case():
    assert list(ILLEGAL) == [rule.name for rule in compatibility.RULES]


@pytest.mark.parametrize("rule", compatibility.RULES, ids=lambda rule: rule.name)
def test_an_illegal_pair_is_refused_with_its_reason(rule):
    config = with_changes(RunConfig(), {**TINY, "training.ema_decay": 0, **ILLEGAL[rule.name]})
    with pytest.raises(ValueError, match=r"Set |must stay|Switch|Turn ") as refusal:
        resolve(config, MACHINE)
    assert str(refusal.value) == rule.reason.format(c=config)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"network.name": "mlp"},
            "makes points, the data set 'mnist5k' holds images",
        ),
        ({"dataset.name": "ring8"}, "makes images, the data set 'ring8' holds points"),
        ({"conditioning.name": "acgan", "conditioning.labels": "Male"}, "has no label 'Male'"),
        (
            {"network.name": "vae", "augmentation.kinds": "cutout"},
            "has no discriminator, so .* augmentation, .* must stay",
        ),
        (
            {"network.name": "unet", "augmentation.kinds": "cutout"},
            "no discriminator, so .* augmentation, .* must stay",
        ),
    ],
)
def test_parts_that_do_not_meet_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        resolve(with_changes(RunConfig(), changes), MACHINE)
