"""Each rule of what fits together, from both sides of its bound."""

from __future__ import annotations

import pytest

from gan_core.config import RunConfig, with_changes
from gan_core.models.compatibility import RULES

VAE = {"network.name": "vae"}
UNET = {"network.name": "unet"}


def broken(changes: dict[str, object]) -> set[str]:
    """Names of the rules that a configuration breaks."""
    config = with_changes(RunConfig(), changes)
    return {rule.name for rule in RULES if rule.broken(config)}


def test_the_default_configuration_and_a_plain_vae_break_nothing():
    assert broken({}) == broken(VAE) == set()


@pytest.mark.parametrize(
    "changes",
    [
        {"objective.name": "hinge"}, {"objective.n_critic": 2}, {"penalty.name": "r1"}, {"remedies.packing": 2},
        {"remedies.instance_noise": 0.1}, {"conditioning.name": "concat"}, {"network.spectral_norm": True},
        {"network.spectral_scale": 2}, {"network.leaky_output": True}, {"network.discriminator_norm": "none"},
    ],
)  # fmt: skip
def test_a_vae_takes_no_setting_of_the_game(changes):
    assert "vae without a game" in broken(VAE | changes)
    assert "vae without a game" not in broken(changes)


def test_a_vae_keeps_no_average():
    assert broken(VAE | {"training.ema_decay": 0.1}) == {"vae without ema"}
    assert broken({"training.ema_decay": 0.1}) == set()


@pytest.mark.parametrize(
    "changes",
    [
        {"objective.name": "hinge"}, {"penalty.name": "r1"}, {"remedies.label_smoothing": 0.1}, {"network.spectral_norm": True},
        {"network.generator_leak": 0.2}, {"network.discriminator_norm": "none"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("network", ["unet", "mlp_time"])
def test_diffusion_takes_no_setting_of_the_game(network, changes):
    assert broken({"network.name": network}) == set()
    assert "diffusion without a game" in broken({"network.name": network} | changes)


def test_diffusion_is_for_networks_that_are_told_the_time():
    linear = {"diffusion.schedule": "linear"}
    assert broken(linear) == broken(linear | VAE) == {"diffusion needs the time"}
    assert broken(linear | UNET) == set()


def test_labels_reach_diffusion_in_one_way_and_guidance_needs_them_shown_and_hidden():
    for way, wrong in {"none": set(), "concat": set(), "acgan": {"labels added to the time"}}.items():
        assert broken(UNET | {"conditioning.name": way}) == wrong
    guided = UNET | {"diffusion.guidance": 2.0}
    assert broken(guided) == broken(UNET | {"diffusion.guidance": 0.0}) == {"guidance by labels"}
    labelled = guided | {"conditioning.name": "concat"}
    assert broken(labelled) == set()
    assert broken(labelled | {"diffusion.condition_dropout": 0.0}) == {"guidance needs hidden labels"}
    assert broken(labelled | {"diffusion.condition_dropout": 0.0, "diffusion.guidance": 1.0}) == set()


@pytest.mark.parametrize(("steps", "fits"), [(50, True), (49, False)])
def test_a_sampler_takes_no_more_steps_than_the_process(steps, fits):
    few = {"diffusion.steps": steps} | UNET
    assert broken(few) == (set() if fits else {"sampling within the process"})
    preview = few | {"diffusion.sampling_steps": 1, "diffusion.preview_steps": 50}
    assert broken(preview) == (set() if fits else {"sampling within the process"})


@pytest.mark.parametrize(("penalty", "each"), [("gradient", True), ("dragan", True), ("r1", False), ("none", False)])
def test_penalties_of_each_sample_bear_nothing_that_mixes_samples(penalty, each):
    norm, std = "gradient penalty without batch norm", "gradient penalty without minibatch std"
    apart = {"penalty.name": penalty, "network.discriminator_norm": "none"}
    assert broken(apart) == set()
    assert broken(apart | {"network.discriminator_norm": "batch"}) == ({norm} if each else set())
    assert broken(apart | {"remedies.minibatch_std": True}) == ({std} if each else set())


def test_packing_fits_no_penalty_no_labels_and_only_whole_packs():
    assert broken({"remedies.packing": 2}) == set()
    assert broken({"remedies.packing": 2, "penalty.name": "r1"}) == {"penalty without packing"}
    assert broken({"penalty.name": "r1"}) == set()
    assert broken({"remedies.packing": 2, "conditioning.name": "acgan"}) == {"packing without labels"}
    assert broken({"conditioning.name": "acgan"}) == set()
    assert broken({"remedies.packing": 3, "training.batch_size": 64}) == {"whole packs"}
    assert broken({"remedies.packing": 3, "training.batch_size": 63}) == set()
    one = {"remedies.packing": 8, "training.batch_size": 8, "network.name": "mlp"}
    assert broken(one) == {"batch norm of packs"} and broken(one | {"network.discriminator_norm": "none"}) == set()
    assert broken(one | {"network.name": "dcgan4"}) == set()


def test_the_critics_slope_has_one_bound():
    clip, one = {"objective.weight_clip": 0.01}, {"one bound on the critic"}
    assert broken(clip) == set()
    assert broken({"network.spectral_norm": True}) == set()
    assert broken(clip | {"network.spectral_norm": True}) == one
    assert broken(clip | {"penalty.name": "gradient", "network.discriminator_norm": "none"}) == one
    assert broken(clip | {"penalty.name": "r1"}) == set()


def test_a_layers_norm_needs_spectral_norm():
    scale = {"network.spectral_scale": 3}
    assert broken(scale) == {"scale of a spectral norm"}
    assert broken(scale | {"network.spectral_norm": True}) == set()


@pytest.mark.parametrize(
    ("objective", "has_target"), [("bce", True), ("least_squares", True), ("hinge", False), ("wasserstein", False)]
)
def test_smoothing_needs_a_target(objective, has_target):
    smooth = {"objective.name": objective, "remedies.label_smoothing": 0.1}
    assert broken(smooth) == (set() if has_target else {"smoothing needs a target"})
    assert broken({"objective.name": objective}) == set()


def test_a_discriminator_needs_one_side_to_learn_from():
    weights = ("objective.real_weight", "objective.fake_weight")
    assert broken(dict.fromkeys(weights, 0.0)) == {"something to learn"}
    assert broken({weights[0]: 0.0}) == broken({weights[1]: 0.0}) == set()
