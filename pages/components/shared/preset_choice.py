"""The list of presets: by the idea that each shows, those for data that the visitor must bring behind a switch."""

from collections.abc import Sequence

import streamlit as st

from gan_core.datasets import DATASETS
from gan_core.presets import DEFAULT, PRESETS
from gan_core.presets.entry import Preset
from pages.components.text import N_, Marked, _, as_text

IDEAS = Marked(
    {  # beginning of a preset's name: the idea
        "mnist-dcgan": N_("Digits"),
        "r1": N_("Faces"),
        "r2": N_("Objects on demand"),
        "r3": N_("Kinds of GAN"),
        "r4": N_("Batch, epochs, rate"),
        "r5": N_("VAE and GAN"),
        "": N_("Diffusion"),
    }
)
REPORTS = N_(
    "R1 to R5 are five course reports whose experiments the presets repeat: in full with their data, or at a size for two processor cores."
)


def choose_preset(names: Sequence[str], first: str, key: str) -> str:
    """One of the presets; those that need data are listed when asked for, or when `first` is one."""
    own = [name for name in names if needs_data(name)]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    words = _("With your own data ({n})").format(n=len(own))
    help_ = _("Experiments at full size, for CelebA, i-CLEVR or a folder of pictures on this computer.")
    with_own = right.toggle(words, needs_data(first), key=f"{key}_own", help=help_, persist_state="session")
    kept = st.session_state.get(key)
    listed = [name for name in names if with_own or name in (first, kept) or name not in own]
    listed.sort(key=lambda name: list(IDEAS).index(begins(name)))
    return left.selectbox(
        _("Preset"), listed, index=listed.index(first), format_func=in_words, key=key, help=_(REPORTS), persist_state="session"
    )  # fmt: skip


def linked_preset() -> Preset:
    """The preset of a link for the class; the usual one where it names none."""
    asked = st.query_params.get("preset", DEFAULT)
    if asked not in PRESETS:
        words = _("There is no preset “{name}” here; “{usual}” is used.")
        st.warning(words.format(name=as_text(asked[:64]), usual=_(PRESETS[DEFAULT].title)), icon=":material/warning:")
        return PRESETS[DEFAULT]
    return PRESETS[asked]


def needs_data(name: str) -> bool:
    """Whether its images are not part of the program."""
    return DATASETS[PRESETS[name].config.dataset.name].needs_root


def begins(name: str) -> str:
    """The key of IDEAS that a preset belongs to."""
    return next(beginning for beginning in IDEAS if name.startswith(beginning))


def description_of(preset: Preset) -> str:
    """What it shows and what to look for, in the visitor's language."""
    if not preset.look_for:
        return _(preset.description)
    body = preset.description.removesuffix(preset.look_for).removesuffix(" Look for: ")
    return _(body) + " " + _("Look for: {what}").format(what=_(preset.look_for))


def in_words(name: str) -> str:
    """Its idea, and what it is."""
    return f"{IDEAS[begins(name)]} · {_(PRESETS[name].title)}"
