"""The table of kinds says of each kind what its networks, runs and checkpoints really have."""

from __future__ import annotations

import json
from importlib import import_module

import pytest
import torch
from helpers import tiny
from safetensors.torch import load_file

from gan_core import runs
from gan_core.config import RunConfig, field_names
from gan_core.figures.charts import CHARTS
from gan_core.models.building import build, decode
from gan_core.models.kinds import KINDS, applying, kind_of, kind_or_none
from gan_core.models.networks import NETWORKS
from gan_core.training import loop

CONFIGS = {
    "gan": {
        "conditioning__name": "acgan", "objective__weight_clip": 0.1,
        "augmentation__kinds": "color", "augmentation__adaptive": True,
    },
    "vae": {"network__name": "vae", "training__ema_decay": 0},
    "diffusion": {"network__name": "unet", "conditioning__name": "concat", "diffusion__sampling_steps": 2},
}  # fmt: skip


def config_of(name: str) -> RunConfig:
    return tiny(**CONFIGS[name])


def test_every_architecture_leads_to_a_kind_and_every_kind_is_tried_here():
    assert {entry.model for entry in NETWORKS.values()} == set(KINDS) == set(CONFIGS)


@pytest.mark.parametrize("name", KINDS)
def test_a_model_has_the_networks_and_optimisers_of_its_entry(name):
    kind, model = KINDS[name], build(config_of(name), "cpu")
    assert kind_of(config_of(name)) is kind
    assert list(model.networks) == list(kind.networks) and kind.drawn_by in model.networks
    assert list(model.optimizers) == [part.name for part in kind.optimizers]
    z, labels = torch.zeros(2, model.latent_dim), torch.zeros(2, len(config_of(name).conditioning.labels))
    assert model.latent_dim == config_of(name).network.latent_dim
    network = model.networks[kind.drawn_by].eval()
    assert decode(config_of(name), network, z, labels).shape == (2, 1, 8, 8)


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_that_draws_in_steps_has_dials_and_a_way(name):
    kind = KINDS[name]
    assert kind.draws_in_steps == kind.applies("diffusion.eta") == hasattr(import_module(kind.module), "walk")


@pytest.mark.parametrize("name", KINDS)
def test_a_run_records_what_its_entry_says(runs_dir, name):
    run = runs.create(runs_dir, config_of(name))
    assert loop.train(run).state == "finished"
    recorded = {key for line in run.metrics_path.read_text().splitlines() for key in json.loads(line) if "/" in key}
    assert not [
        key for key in recorded if key not in KINDS[name].columns and not key.startswith(("memory/gap", "grad_layer/"))
    ]
    for part in KINDS[name].optimizers:
        assert {f"loss/{part.short}", f"grad_norm/{part.short}"} <= recorded


def test_the_sections_and_charts_of_an_entry_exist_and_every_curve_belongs_to_a_kind():
    sections = {name.partition(".")[0] for name in field_names() if "." in name}
    assert {section for kind in KINDS.values() for section in kind.sections} == sections
    assert all(
        {*kind.without, *(part.rate for part in kind.optimizers)} <= field_names().keys() for kind in KINDS.values()
    )
    assert {key for kind in KINDS.values() for key in kind.main_charts} <= {chart.key for chart in CHARTS}
    drawn = {trace.column for chart in CHARTS for trace in chart.traces}
    assert drawn <= {column for kind in KINDS.values() for column in kind.columns}


def test_settings_apply_where_something_heeds_them():
    gan, vae = KINDS["gan"], KINDS["vae"]
    assert gan.applies("objective.name") and not vae.applies("objective.name")
    assert vae.applies("vae.kl_weight") and not gan.applies("vae.kl_weight")
    assert vae.applies("generator_optimizer.beta1") and not vae.applies("discriminator_optimizer.beta1")
    assert vae.applies("network.width") and not vae.applies("network.spectral_norm")
    diffusion = KINDS["diffusion"]
    assert diffusion.applies("diffusion.eta") and diffusion.applies("conditioning.name")
    assert not gan.applies("diffusion.eta") and not diffusion.applies("network.latent_dim")
    both = applying([config_of("gan"), config_of("vae")])
    assert set(both) == {name for name in field_names() if gan.applies(name) or vae.applies(name)}


def test_an_unknown_network_has_no_kind_and_hides_no_setting():
    strange = RunConfig.model_validate({"network": {"name": "strange"}})
    assert kind_or_none(strange) is None and applying([strange]) == list(field_names())
    with pytest.raises(ValueError, match="Unknown network 'strange'"):
        kind_of(strange)


def test_the_files_of_a_checkpoint_keep_the_names_that_they_always_had(runs_dir):
    """A VAE's optimiser has the settings of `generator_optimizer`, and its state is stored under the same name."""
    run = runs.create(runs_dir, config_of("vae"))
    loop.train(run)
    place = run.checkpoint_dir(run.checkpoint_steps()[-1])
    assert list(json.loads((place / "state.json").read_bytes())["groups"]) == ["generator"]
    assert {name.partition(".")[0] for name in load_file(place / "optimizer.safetensors")} == {"generator"}
