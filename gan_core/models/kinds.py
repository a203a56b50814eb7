"""Kinds of model, one entry each: its networks, which settings apply to it, and what it can do. Free of torch.

`NetworkEntry.model` leads from an architecture to its kind. Forms, rules, branches, checkpoints, cards and pages ask the
entry and know no kind by name; the code that builds and samples is in the module that the entry names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gan_core.config import RunConfig, field_names
from gan_core.config.registry import Registry, load
from gan_core.models.networks import NETWORKS

Shape = tuple[int, ...]
Inputs = Callable[[Shape, int, int], tuple[Shape, ...]]
"""(image shape, latent_dim, number of labels) -> the shape of each input of a network, without the batch."""


@dataclass(frozen=True)
class OptimizerPart:
    """An optimiser of a kind.

    Attributes:
        name: its key in `GenerativeModel.optimizers`.
        section: the section of a configuration with its settings.
        title: what it trains, for people.
        symbol: the same in a sentence: "G".
        short: its name within metrics: "g" of loss/g and grad_norm/g.
    """

    name: str
    section: str
    title: str
    symbol: str
    short: str

    @property
    def stored_name(self) -> str:
        """Its name in the files of a checkpoint."""
        return self.section.removesuffix("_optimizer")

    @property
    def rate(self) -> str:
        """Dotted name of its learning rate."""
        return f"{self.section}.learning_rate"


@dataclass(frozen=True)
class Fixed:
    """Settings that must stay at their defaults.

    Attributes:
        name: short, for tests and tables.
        fields: dotted names of fields, or of sections.
        reason: why, and what to change; `{c}` is the configuration.
    """

    name: str
    fields: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Kind:
    """An entry of the table.

    Attributes:
        title, short: its name for people, in full and in three letters.
        module: import path of a module with `build_networks(config, rng)` (networks by name, with their first weights;
            on `meta` if rng is None), `build(config, networks, rng)` (the `GenerativeModel`) and
            `decode(config, network, z, labels)` (samples (N, ...) from the network that draws).
        networks: name -> what it takes, in the order in which they are built.
        drawn_by: the network that draws samples; running averages are kept of it.
        optimizers: in the order in which the pages show them.
        sections: sections of a configuration that apply to it.
        without: fields within these that do not.
        fixed: settings that are refused unless they stay at their defaults.
        branching: fields, or beginnings of fields, of its own that may change in the middle of a run.
        columns: the metrics of its own that its runs may record.
        main_charts: the charts that show how its training went, by key (see `gan_core.figures.charts`).
        encodes: whether it turns images into latents.
        latent_is_noise: whether z is a sample's noise, of as many numbers as the sample; else its size is a setting.
        draws_in_steps: whether a sample is made of noise step by step, with settings of diffusion as dials.
        has_discriminator: whether a network of it tells real from generated samples.
    """

    title: str
    short: str
    module: str
    networks: dict[str, Inputs]
    drawn_by: str
    optimizers: tuple[OptimizerPart, ...]
    sections: tuple[str, ...]
    without: tuple[str, ...]
    fixed: tuple[Fixed, ...]
    branching: tuple[str, ...]
    columns: tuple[str, ...]
    main_charts: tuple[str, ...]
    encodes: bool = False
    latent_is_noise: bool = False
    draws_in_steps: bool = False
    has_discriminator: bool = False

    def applies(self, field: str) -> bool:
        """Whether a setting, by its dotted name, has a meaning for this kind."""
        section = field.partition(".")[0]
        return (section in self.sections or section == field) and field not in self.without

    def optimizer_of(self, field: str) -> OptimizerPart | None:
        """The optimiser that a field, by its dotted name, is a setting of; None for other fields."""
        return next((part for part in self.optimizers if field.startswith(f"{part.section}.")), None)

    def code(self, function: str) -> Callable[..., Any]:
        """A function of its module, imported now."""
        found: Callable[..., Any] = load(f"{self.module}:{function}")
        return found


_EVERY_KIND = ("dataset", "network", "training", "recording")

KINDS: Registry[Kind] = Registry(
    "kind of model",
    {
        "gan": Kind(
            title="generative adversarial network",
            short="GAN",
            module="gan_core.models.gan",
            networks={
                "generator": lambda _shape, z, labels: ((z + labels,),),
                "discriminator": lambda shape, _z, labels: (shape, (labels,)),
            },
            drawn_by="generator",
            optimizers=(
                OptimizerPart("generator", "generator_optimizer", "Generator", "G", "g"),
                OptimizerPart("discriminator", "discriminator_optimizer", "Discriminator", "D", "d"),
            ),
            sections=(
                *_EVERY_KIND,
                *("objective", "penalty", "conditioning", "remedies", "augmentation"),
                *("generator_optimizer", "discriminator_optimizer"),
            ),
            without=(),
            fixed=(),
            branching=(
                *("objective.", "penalty.", "augmentation."),
                *("remedies.label_smoothing", "remedies.instance_noise", "conditioning.label_weight"),
            ),
            columns=(
                *("loss/g", "loss/d", "loss/d_real", "loss/d_fake", "loss/penalty", "loss/label_real"),
                *("loss/label_fake", "prob/real", "prob/fake_before", "prob/fake_after", "prob/fake_after_g"),
                *("score/real", "score/fake_before", "score/fake_after", "score/fake_after_g"),
                *("accuracy/test", "accuracy/new_test", "accuracy/labels", "spread/real", "spread/fake"),
                *("nearest/real", "nearest/fake", "logit/gap", "augmentation/strength", "augmentation/sign"),
                *("memory/train", "memory/held_out", "clip/saturation", "grad_norm/g", "grad_norm/d"),
                *("rate/g", "rate/d"),
            ),
            main_charts=("losses",),
            has_discriminator=True,
        ),
        "vae": Kind(
            title="variational autoencoder",
            short="VAE",
            module="gan_core.models.vae",
            networks={
                "encoder": lambda shape, _z, _labels: (shape,),
                "decoder": lambda _shape, z, _labels: ((z,),),
            },
            drawn_by="decoder",
            optimizers=(OptimizerPart("autoencoder", "generator_optimizer", "Encoder and decoder", "the VAE", "vae"),),
            sections=(*_EVERY_KIND, "vae", "generator_optimizer"),
            without=(
                *("network.spectral_norm", "network.spectral_scale", "network.leaky_output"),
                *("network.discriminator_norm", "training.ema_decay"),
            ),
            fixed=(
                Fixed(
                    "vae without a game",
                    (
                        *("objective", "penalty.name", "remedies", "augmentation", "conditioning.name"),
                        *("network.spectral_norm", "network.spectral_scale", "network.leaky_output"),
                        "network.discriminator_norm",
                    ),
                    "A VAE has no discriminator, so objective, penalty, remedies, augmentation, conditioning, spectral norm "
                    "and the discriminator's settings must stay at their defaults.",
                ),
                Fixed(
                    "vae without ema",
                    ("training.ema_decay",),
                    "A running average is kept of a GAN's generator; a VAE has none. Set training.ema_decay to 0; got "
                    "{c.training.ema_decay}.",
                ),
            ),
            branching=("vae.",),
            columns=("loss/reconstruction", "loss/kl", "loss/vae", "grad_norm/vae", "rate/vae"),
            main_charts=("reconstruction", "kl"),
            encodes=True,
        ),
        "diffusion": Kind(
            title="diffusion model",
            short="DDPM",
            module="gan_core.models.diffusion",
            networks={
                "denoiser": lambda shape, _z, labels: (shape, (), (labels + 1 if labels else 0,)),
            },
            drawn_by="denoiser",
            optimizers=(OptimizerPart("denoiser", "generator_optimizer", "Denoiser", "the denoiser", "diffusion"),),
            sections=(*_EVERY_KIND, "conditioning", "diffusion", "generator_optimizer"),
            without=(
                *("network.latent_dim", "network.generator_leak", "network.spectral_norm", "network.leaky_output"),
                *("network.spectral_scale", "network.discriminator_norm", "conditioning.label_weight"),
            ),
            fixed=(
                Fixed(
                    "diffusion without a game",
                    (
                        *("objective", "penalty.name", "remedies", "augmentation", "network.generator_leak"),
                        *("network.spectral_norm", "network.spectral_scale", "network.leaky_output"),
                        "network.discriminator_norm",
                    ),
                    "A diffusion model has no generator and no discriminator, so objective, penalty, remedies, augmentation, "
                    "spectral norm, and the settings of these two networks must stay at their defaults.",
                ),
            ),
            branching=(
                *("diffusion.condition_dropout", "diffusion.sampling_steps", "diffusion.eta", "diffusion.guidance"),
                "diffusion.preview_steps",
            ),
            columns=(
                *("loss/diffusion", "loss/quarter_1", "loss/quarter_2", "loss/quarter_3", "loss/quarter_4"),
                *("loss/blind", "average/lag", "edge/guided", "edge/plain", "data/spread"),
                *("accuracy/test", "accuracy/new_test", "accuracy/labels", "grad_norm/diffusion", "rate/diffusion"),
            ),
            main_charts=("denoising",),
            latent_is_noise=True,
            draws_in_steps=True,
        ),
    },
)


def kind_of(config: RunConfig) -> Kind:
    """The kind of model that a configuration describes.

    Raises:
        ValueError: an unknown network.
    """
    return KINDS.find(NETWORKS.find(config.network.name).model)


def kind_or_none(config: RunConfig) -> Kind | None:
    """The same; None for a network that this program does not know."""
    return kind_of(config) if config.network.name in NETWORKS else None


def applying(configs: Sequence[RunConfig]) -> list[str]:
    """Dotted names of the fields that have a meaning for at least one of the configurations; all if one's kind is unknown."""
    kinds = [kind_or_none(config) for config in configs]
    return [name for name in field_names() if any(kind is None or kind.applies(name) for kind in kinds)]
