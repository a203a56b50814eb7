"""Preprocessing, step by step, on pictures of the data set itself, each step with its reason."""

import streamlit as st

from gan_core.datasets import preprocessing
from gan_core.figures import imaging
from pages.components.data.look import pairs_of
from pages.components.shared.data_choice import Chosen
from pages.components.text import N_, Marked, _, as_text, titled
from pages.components.widgets.picture import picture

PICTURES = 3
SIDE_PX = 240
STEPS = Marked({
    "original": (
        N_("As it is"),
        N_("Pictures come in all sizes and shapes; a network takes one size only."),
    ),
    "resized": (
        N_("Resized"),
        N_("The shorter side becomes {size} pixels, so that nothing is stretched and as much as possible is kept. The frame shows what will stay."),
    ),
    "cropped": (
        N_("Cut to the square"),
        N_("The middle, {size}x{size}, is kept: what matters is usually there, and a square is what the network makes."),
    ),
    "padded": (
        N_("Padded, then resized"),
        N_("A margin of {margin} black pixels on each side makes 32x32, a power of two, which layers that halve the size need. The stroke stays whole."),
    ),
    "drawn": (
        N_("Drawn at {size} px"),
        N_("This data set is rendered at the requested size, so nothing is resized or cropped."),
    ),
    "mirrored": (
        N_("Mirrored"),
        N_("Every second time, at random: a face looks as natural from the left as from the right, so the data seem doubled."),
    ),
    "turned": (
        N_("Turned"),
        N_("By a random angle of up to {degrees:g} degrees (shown: the largest): small turns are natural too. Edges are filled by reflection."),
    ),
    "scaled": (
        N_("Scaled to -1 … 1"),
        N_("Each value v becomes v / 127.5 - 1: the generator's last layer, tanh, makes numbers from -1 to 1, and the discriminator must not recognise real images by their range."),
    ),
})  # fmt: skip


def in_visitors_words(preparation: str) -> str:
    """What preparing does to a picture, in the visitor's language: as a whole sentence, or step by step."""
    whole = _(preparation)
    return whole if whole != preparation else ", ".join(map(_, preparation.split(", ")))


def steps_view(chosen: Chosen, count: int) -> None:
    """A column a step: its name, its reason, and pictures after it."""
    if chosen.entry.domain == "points":
        st.info(_("Points in the plane are used as they are: there is nothing to prepare."), icon=":material/info:")
        return
    config = chosen.config
    with st.spinner(_("Reading the pictures…")):
        first = pairs_of(config.model_dump_json(), count, tuple(range(min(PICTURES, count))))
        rows = [preprocessing.steps(pair, config) for pair in first]
    if not rows:
        st.warning(_("The first files of this data set cannot be read as pictures."))
        return
    made = dict.fromkeys(preprocessing.in_words(pair, config) for pair in first)
    st.markdown(_("These pictures: {what}.").format(what=as_text("; ".join(map(in_visitors_words, made)))))
    facts = {"size": config.image_size, "margin": preprocessing.margin(config), "degrees": config.rotation_degrees}
    titles = [STEPS[step.name][0].format(**facts) for step in rows[0]]
    for number, (column, step) in enumerate(zip(st.columns(len(titles)), rows[0], strict=True)):
        column.markdown(f"**{number + 1}. {titles[number]}**")
        column.caption(STEPS[step.name][1].format(**facts))
    for row, steps in enumerate(rows):
        for number, (column, step) in enumerate(zip(st.columns(len(titles)), steps, strict=True)):
            width, height = step.picture.size
            values = (
                _("values {low:.2f} to {high:.2f}") if step.name == "scaled" else _("values {low:.0f} to {high:.0f}")
            )
            words = f"{width}×{height}, {values.format(low=step.low, high=step.high)}"
            with column:
                picture(
                    imaging.data_url(step.picture), key=f"data_step_{chosen.key}_{row}_{number}", caption=words,
                    alt=titled(titles[number], words), pixelated=max(step.picture.size) < 128, max_width_px=SIDE_PX,
                )  # fmt: skip
