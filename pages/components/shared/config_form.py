"""Every knob of a run, made from `RunConfig`: a field added there appears here with its meaning, unit and bounds.

Also settings in words: the name of one, and a value of it.
"""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from gan_core.config import RunConfig
from gan_core.config import run_config as schema
from gan_core.config.registry import Registry
from gan_core.datasets import DATASETS
from gan_core.models.augmentation import AUGMENTATIONS
from gan_core.models.conditioning import CONDITIONINGS
from gan_core.models.kinds import kind_of, kind_or_none
from gan_core.models.networks import NETWORKS
from gan_core.models.objectives import OBJECTIVES
from gan_core.models.penalties import PENALTIES
from pages.components.shared import lab
from pages.components.text import _

REGISTRIES: dict[str, Registry[Any]] = {
    "network.name": NETWORKS,
    "objective.name": OBJECTIVES,
    "dataset.name": DATASETS,
    "penalty.name": PENALTIES,
    "conditioning.name": CONDITIONINGS,
    "augmentation.kinds": AUGMENTATIONS,
}
SECTIONS = {
    "training": _("Training: how long, how much at once"),
    "generator_optimizer": _("The generator's optimiser"),
    "discriminator_optimizer": _("The discriminator's optimiser"),
    "network": _("Networks"),
    "objective": _("Objective: the loss of both networks"),
    "conditioning": _("Conditioning: telling the model what to draw"),
    "penalty": _("Penalty on the discriminator's slope"),
    "remedies": _("Remedies against collapse and imbalance"),
    "augmentation": _("Augmentation: few images, seen in many ways"),
    "vae": _("Variational autoencoder: its loss"),
    "diffusion": _("Diffusion: noise, prediction and sampler"),
    "dataset": _("Images"),
    "recording": _("What is kept"),
}
LABELS = {
    "dataset.name": _("Data set"),
    "dataset.root": _("Folder"),
    "dataset.split": _("Part"),
    "dataset.image_size": _("Image size"),
    "dataset.channels": _("Colour channels"),
    "dataset.num_images": _("Limit"),
    "dataset.flip": _("Random horizontal flip"),
    "dataset.rotation_degrees": _("Random rotation, up to"),
    "network.name": _("Architecture"),
    "network.width": _("Width"),
    "network.latent_dim": _("Latent size"),
    "network.generator_leak": _("Generator's leak"),
    "network.discriminator_norm": _("Discriminator's normalisation"),
    "network.spectral_norm": _("Spectral norm"),
    "network.spectral_scale": _("Spectral norm scale"),
    "network.leaky_output": _("Leaky output"),
    "objective.name": _("Objective"),
    "objective.real_weight": _("Weight of real images"),
    "objective.fake_weight": _("Weight of generated images"),
    "objective.n_critic": _("D's steps for one of G's"),
    "objective.weight_clip": _("Weight clip"),
    "penalty.name": _("Penalty"),
    "penalty.weight": _("Weight (lambda)"),
    "conditioning.name": _("Conditioning"),
    "conditioning.labels": _("Labels, separated by commas"),
    "conditioning.exclusive": _("One label an image"),
    "conditioning.label_weight": _("Weight of the label loss"),
    "remedies.packing": _("Packing (PacGAN)"),
    "remedies.minibatch_std": _("Minibatch standard deviation"),
    "remedies.label_smoothing": _("Label smoothing"),
    "remedies.instance_noise": _("Instance noise"),
    "augmentation.kinds": _("Changes at random"),
    "augmentation.adaptive": _("Adaptive share"),
    "augmentation.target": _("Mean sign aimed at"),
    "augmentation.ramp_images": _("From none to all in"),
    "vae.kl_weight": _("Weight of KL (lambda)"),
    "vae.kl_reduction": _("KL over dimensions"),
    "vae.reconstruction": _("Reconstruction loss"),
    "diffusion.objective": _("Prediction"),
    "diffusion.schedule": _("Noise schedule"),
    "diffusion.steps": _("Steps of the process (T)"),
    "diffusion.attention": _("Attention"),
    "diffusion.condition_dropout": _("Share of hidden labels"),
    "diffusion.sampling_steps": _("Sampling steps"),
    "diffusion.eta": _("Fresh noise (eta)"),
    "diffusion.guidance": _("Guidance"),
    "diffusion.preview_steps": _("Steps of a preview"),
    "generator_optimizer.name": _("Optimiser"),
    "generator_optimizer.learning_rate": _("Learning rate"),
    "generator_optimizer.beta1": _("Beta 1 (momentum)"),
    "generator_optimizer.beta2": _("Beta 2"),
    "generator_optimizer.schedule": _("Learning rate schedule"),
    "discriminator_optimizer.name": _("Optimiser"),
    "discriminator_optimizer.learning_rate": _("Learning rate"),
    "discriminator_optimizer.beta1": _("Beta 1 (momentum)"),
    "discriminator_optimizer.beta2": _("Beta 2"),
    "discriminator_optimizer.schedule": _("Learning rate schedule"),
    "training.batch_size": _("Batch size"),
    "training.epochs": _("Epochs"),
    "training.max_steps": _("Step limit"),
    "training.ema_decay": _("Running average (EMA)"),
    "training.seed": _("Seed"),
    "training.precision": _("Number format"),
    "training.device": _("Device"),
    "training.threads": _("Processor threads"),
    "training.deterministic": _("Deterministic"),
    "recording.num_samples": _("Images in the sample grid"),
    "recording.sample_every_steps": _("A sample grid every"),
    "recording.checkpoint_every_steps": _("A checkpoint every"),
    "recording.checkpoint_every_s": _("A checkpoint at least every"),
    "recording.keep_checkpoints": _("Checkpoints kept"),
    "recording.probe_every_steps": _("Slower measurements every"),
    "recording.evaluate_every_epochs": _("Evaluator's accuracy every"),
}


def label(name: str, info: Any) -> str:
    """A field's label: its name for people, and its unit unless the name has said it."""
    words = LABELS.get(name) or name.partition(".")[2].replace("_", " ").capitalize()
    unit = (info.json_schema_extra or {}).get("unit", "")
    return f"{words} ({_(unit)})" if unit and unit not in words.lower().split() else words


def config_form(base: RunConfig, prefix: str) -> dict[str, Any]:
    """Draws the knobs of all sections but the data set's, with `base` as their first values.

    Settings without a meaning for the chosen kind of model are not shown, and take their defaults.

    Args:
        base: the preset's configuration.
        prefix: begins every widget key; another prefix gives fresh widgets.

    Returns:
        Dotted field name -> the value chosen, or the default of one that is not shown.
    """
    network = st.session_state.get(f"{prefix}_network.name", base.network.name)  # its knob is drawn later
    kind = kind_of(schema.with_changes(base, {"network.name": network}))
    fields, plain = schema.field_names(), RunConfig()
    chosen: dict[str, Any] = {name: schema.get(plain, name) for name in fields if not kind.applies(name)}
    sections = dict.fromkeys([*SECTIONS, *(name.partition(".")[0] for name in fields if "." in name)])
    for section in sections:
        names = [name for name in fields if name.startswith(f"{section}.") and kind.applies(name)]
        if section == "dataset" or not names:
            continue
        part = kind.optimizer_of(names[0])
        title = _("The {network}'s optimiser").format(network=_(part.title).lower()) if part else SECTIONS.get(section)
        with st.expander(title or section.replace("_", " ").capitalize()):
            columns = st.columns(3)
            for index, name in enumerate(names):
                with columns[index % 3]:
                    chosen[name] = knob(name, fields[name], schema.get(base, name), f"{prefix}_{name}")
    return chosen


def knob(name: str, info: Any, value: Any, key: str) -> Any:
    """One widget, of the kind that the field's type and name ask for. Returns its value."""
    words, meaning = label(name, info), _(info.description)
    options = offers(name, info)
    if options and isinstance(value, tuple):
        return st.multiselect(
            words, list(dict.fromkeys([*options, *value])), value, format_func=lambda option: title_of(name, option), help=meaning,
            key=key, persist_state="session",
        )  # fmt: skip
    if options:
        shown = [*options, *([value] if value not in options else [])]
        return st.selectbox(
            words, shown, index=shown.index(value), format_func=lambda option: title_of(name, option), help=meaning,
            key=key, persist_state="session",
        )  # fmt: skip
    if isinstance(value, bool):
        return st.toggle(words, value, help=meaning, key=key, persist_state="session")
    if isinstance(value, str | tuple):
        value = value if isinstance(value, str) else ", ".join(value)
        return st.text_input(words, value, help=meaning, key=key, persist_state="session")
    low, high = bounds(info)
    if isinstance(value, int):
        return st.number_input(words, low, high, value, step=1, help=meaning, key=key, persist_state="session")
    # Typed as text: a browser's number field would cut 0.0002 to 0.00
    return st.text_input(words, f"{value:g}", help=meaning, key=key, persist_state="session")


def offers(name: str, info: Any) -> list[Any]:
    """The values a field may take, where they can be listed."""
    if name in REGISTRIES:
        return list(REGISTRIES[name])
    if name == "training.device":
        machine = lab.machine()
        return ["auto", *(machine.devices if machine else ())]
    return list(schema.choices(info))


def title_of(name: str, option: Any) -> str:
    """A choice's name for people."""
    entry = REGISTRIES[name].get(option) if name in REGISTRIES else None
    return _(entry.title) if entry is not None else str(option)


def bounds(info: Any) -> tuple[int | None, int | None]:
    """Smallest and largest whole number that a field allows."""
    low = high = None
    for rule in info.metadata:
        low = getattr(rule, "ge", low)
        high = getattr(rule, "le", high)
        if getattr(rule, "lt", None) is not None:
            high = int(rule.lt) - 1
    return (None if low is None else int(low)), (None if high is None else int(high))


def setting_name(name: str, configs: Sequence[RunConfig] = ()) -> str:
    """A field's label; of an optimiser's field with the network that it is of, in models of these configurations."""
    words, owner = label(name, schema.field_names()[name]), owner_of(name, configs)
    return f"{words}, {owner}" if owner else words


def owner_of(name: str, configs: Sequence[RunConfig] = ()) -> str:
    """The network whose optimiser a field is of, in models of these configurations, else of a GAN; empty for other fields."""
    kinds = [kind for config in configs if (kind := kind_or_none(config))]
    titles = dict.fromkeys(_(part.title) for kind in kinds if (part := kind.optimizer_of(name)))
    if titles:
        return " / ".join(titles).lower()
    owners = {"generator_optimizer": _("generator"), "discriminator_optimizer": _("discriminator")}
    return owners.get(name.partition(".")[0], "")


def value_of(name: str, value: Any) -> str:
    """A value in words: entries of a table by their titles, numbers without useless digits."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return ", ".join(title_of(name, part) for part in value) or "–"
    return title_of(name, value) if value not in (None, "") else "–"
