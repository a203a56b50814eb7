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
from pages.components.text import N_, Marked, _, listed, titled

REGISTRIES: dict[str, Registry[Any]] = {
    "network.name": NETWORKS,
    "objective.name": OBJECTIVES,
    "dataset.name": DATASETS,
    "penalty.name": PENALTIES,
    "conditioning.name": CONDITIONINGS,
    "augmentation.kinds": AUGMENTATIONS,
}
SECTIONS = Marked(
    {
        "training": (N_("Training"), N_("how long, how much at once")),
        "generator_optimizer": (N_("The generator's optimiser"), ""),
        "discriminator_optimizer": (N_("The discriminator's optimiser"), ""),
        "network": (N_("Networks"), ""),
        "objective": (N_("Objective"), N_("the loss of both networks")),
        "conditioning": (N_("Conditioning"), N_("telling the model what to draw")),
        "penalty": (N_("Penalty on the discriminator's slope"), ""),
        "remedies": (N_("Remedies against collapse and imbalance"), ""),
        "augmentation": (N_("Augmentation"), N_("few images, seen in many ways")),
        "vae": (N_("Variational autoencoder"), N_("its loss")),
        "diffusion": (N_("Diffusion"), N_("noise, prediction and sampler")),
        "dataset": (N_("Images"), ""),
        "recording": (N_("What is kept"), ""),
    }
)
"""Section of the settings -> (its name, what it is about)."""
LABELS = Marked(
    {
        "dataset.name": N_("Data set"),
        "dataset.root": N_("Folder"),
        "dataset.split": N_("Part"),
        "dataset.image_size": N_("Image size"),
        "dataset.channels": N_("Colour channels"),
        "dataset.num_images": N_("Limit"),
        "dataset.flip": N_("Random horizontal flip"),
        "dataset.rotation_degrees": N_("Random rotation, up to"),
        "network.name": N_("Architecture"),
        "network.width": N_("Width"),
        "network.latent_dim": N_("Latent size"),
        "network.generator_leak": N_("Generator's leak"),
        "network.discriminator_norm": N_("Discriminator's normalisation"),
        "network.spectral_norm": N_("Spectral norm"),
        "network.spectral_scale": N_("Spectral norm scale"),
        "network.leaky_output": N_("Leaky output"),
        "objective.name": N_("Objective"),
        "objective.real_weight": N_("Weight of real images"),
        "objective.fake_weight": N_("Weight of generated images"),
        "objective.n_critic": N_("D's steps for one of G's"),
        "objective.weight_clip": N_("Weight clip"),
        "penalty.name": N_("Penalty"),
        "penalty.weight": N_("Weight (lambda)"),
        "conditioning.name": N_("Conditioning"),
        "conditioning.labels": N_("Labels, separated by commas"),
        "conditioning.exclusive": N_("One label an image"),
        "conditioning.label_weight": N_("Weight of the label loss"),
        "remedies.packing": N_("Packing (PacGAN)"),
        "remedies.minibatch_std": N_("Minibatch standard deviation"),
        "remedies.label_smoothing": N_("Label smoothing"),
        "remedies.instance_noise": N_("Instance noise"),
        "augmentation.kinds": N_("Changes at random"),
        "augmentation.adaptive": N_("Adaptive share"),
        "augmentation.target": N_("Mean sign aimed at"),
        "augmentation.ramp_images": N_("From none to all in"),
        "vae.kl_weight": N_("Weight of KL (lambda)"),
        "vae.kl_reduction": N_("KL over dimensions"),
        "vae.reconstruction": N_("Reconstruction loss"),
        "diffusion.objective": N_("Prediction"),
        "diffusion.schedule": N_("Noise schedule"),
        "diffusion.steps": N_("Steps of the process (T)"),
        "diffusion.attention": N_("Attention"),
        "diffusion.condition_dropout": N_("Share of hidden labels"),
        "diffusion.sampling_steps": N_("Sampling steps"),
        "diffusion.eta": N_("Fresh noise (eta)"),
        "diffusion.guidance": N_("Guidance"),
        "diffusion.preview_steps": N_("Steps of a preview"),
        "diffusion.posthoc_ema": N_("Averages of any length"),
        "generator_optimizer.name": N_("Optimiser"),
        "generator_optimizer.learning_rate": N_("Learning rate"),
        "generator_optimizer.beta1": N_("Beta 1 (momentum)"),
        "generator_optimizer.beta2": N_("Beta 2"),
        "generator_optimizer.schedule": N_("Learning rate schedule"),
        "discriminator_optimizer.name": N_("Optimiser"),
        "discriminator_optimizer.learning_rate": N_("Learning rate"),
        "discriminator_optimizer.beta1": N_("Beta 1 (momentum)"),
        "discriminator_optimizer.beta2": N_("Beta 2"),
        "discriminator_optimizer.schedule": N_("Learning rate schedule"),
        "training.batch_size": N_("Batch size"),
        "training.epochs": N_("Epochs"),
        "training.max_steps": N_("Step limit"),
        "training.ema_decay": N_("Running average (EMA)"),
        "training.seed": N_("Seed"),
        "training.precision": N_("Number format"),
        "training.device": N_("Device"),
        "training.threads": N_("Processor threads"),
        "training.deterministic": N_("Deterministic"),
        "recording.num_samples": N_("Images in the sample grid"),
        "recording.sample_every_steps": N_("A sample grid every"),
        "recording.checkpoint_every_steps": N_("A checkpoint every"),
        "recording.checkpoint_every_s": N_("A checkpoint at least every"),
        "recording.keep_checkpoints": N_("Checkpoints kept"),
        "recording.probe_every_steps": N_("Slower measurements every"),
        "recording.evaluate_every_epochs": N_("Evaluator's accuracy every"),
    }
)
UNITS = (
    N_("channels"), N_("checkpoints"), N_("degrees"), N_("epochs"), N_("images"), N_("numbers"), N_("px"), N_("s"), N_("steps"), N_("threads"),
)  # fmt: skip
"""Of the settings' numbers, as their fields name them."""


def label(name: str, info: Any) -> str:
    """A field's label: its name for people, and its unit unless the name has said it."""
    words = LABELS.get(name) or name.partition(".")[2].replace("_", " ").capitalize()
    unit = (info.json_schema_extra or {}).get("unit", "")
    shown = _(unit)
    said = shown in words.lower().split() or (shown != unit and shown in words)  # Chinese has no spaces
    return f"{words} ({shown})" if unit and not said else words


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
        title = _("The {network}'s optimiser").format(network=_(part.title).lower()) if part else section_title(section)
        with st.expander(title):
            columns = st.columns(3)
            for index, name in enumerate(names):
                with columns[index % 3]:
                    chosen[name] = knob(name, fields[name], schema.get(base, name), f"{prefix}_{name}")
    return chosen


def few_knobs(base: RunConfig, names: Sequence[str], prefix: str, columns: int = 3) -> dict[str, Any]:
    """Draws the knobs of these settings and no other.

    Returns:
        Dotted field name -> the value chosen; of a setting without a meaning for the chosen kind of model, its default.
    """
    fields, chosen = schema.field_names(), {}
    for first in range(0, len(names), columns):
        for place, name in zip(st.columns(columns), names[first : first + columns], strict=False):
            with place:
                chosen[name] = knob(name, fields[name], schema.get(base, name), f"{prefix}_{name}")
                if owner := owner_of(name, [base]):
                    st.caption(owner)
    network = chosen.get("network.name", base.network.name)
    kind, plain = kind_of(schema.with_changes(base, {"network.name": network})), RunConfig()
    return {name: schema.get(plain, name) for name in fields if "." in name and not kind.applies(name)} | chosen


def section_name(section: str) -> str:
    """A section's name for people."""
    name, _meaning = SECTIONS.get(section) or (section.replace("_", " ").capitalize(), "")
    return name


def section_title(section: str) -> str:
    """A section's name, and what it is about."""
    _name, meaning = SECTIONS.get(section) or ("", "")
    name = section_name(section)
    return titled(name, meaning) if meaning else name


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
    return _("{setting}, {network}").format(setting=words, network=owner) if owner else words


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
    if isinstance(value, int) and not name.endswith("seed"):
        return f"{value:,}"
    if isinstance(value, tuple):
        return listed(title_of(name, part) for part in value) or "–"
    return title_of(name, value) if value not in (None, "") else "–"
