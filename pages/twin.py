"""2-D lab: a whole GAN in the plane, played while one looks. `?run=ID` shows the twin of a run, `?story=NAME` a story,
`?view=flow&run=ID` how the points of a diffusion model flow."""

import streamlit as st

from gan_core import datasets
from gan_core.lab2d.engine import engine
from gan_core.runs import Run
from pages.components.lab2d.form import choose_data, choose_rules, choose_start, legend
from pages.components.lab2d.play import play
from pages.components.shared import lab
from pages.components.shared.links import linked_view
from pages.components.shared.run_picker import offer_training, pick_run_and_step
from pages.components.text import _

VIEWS = {"game": _("A game of two networks"), "flow": _("Noise that flows")}
STEP = _("The denoiser as it was after so many steps of training.")


def main() -> None:
    """Choose between the game and the flow."""
    lab.enter("twin")
    st.title(_("2-D lab"))
    view = linked_view(VIEWS, key="twin_view")
    if st.session_state.setdefault("twin_last_view", view) != view:
        st.session_state["twin_last_view"] = view
        for name in ("run", "step", "story"):  # what the other view showed
            st.query_params.pop(name, None)
    if view == "flow":
        flow()
    else:
        game()


def game() -> None:
    """Choose a game, then play it."""
    engine().warm_up()
    words = _(
        "A GAN small enough to see all of it: a generator **G** sends random points of the plane (*latents*) to other places, "
        "a discriminator **D** says of each place how real a point there would be. The data are spots, called *modes*, and G "
        "has to find them all. Choose a story, or make rules of your own below."
    )
    st.markdown(words)
    choose_start()
    data, points = choose_data()
    place = st.container()  # the rules come after what one looks at, and are known before
    config = choose_rules(data)
    if config is not None and (data != "points" or points is not None):
        with place:
            play(config, points)
    legend()


def flow() -> None:
    """Choose a diffusion model of points, then watch them flow."""
    words = _(
        "A diffusion model has one network, the **denoiser**. It is told a noisy point and how much noise there is, and says "
        "where the point came from. Followed from noise, its answers carry points to the data; followed back, data become noise."
    )
    st.markdown(words)
    runs = {run.id: run for run in lab.all_runs() if flows(run)}
    if not runs:
        words = _("There is no trained diffusion model of points yet. Train one first: it takes two minutes.")
        offer_training("twin_flow", words, _("Train one"), "pages/train.py", preset="ring8-ddpm")
        return
    run, step = pick_run_and_step("twin_flow", runs, unknown=_("There is no such model “{id}” here."), step_help=STEP)
    with st.spinner(_("Loading the model…")):
        from pages.components.lab2d.flow import flowing  # brings torch
    flowing(run, step)


def flows(run: Run) -> bool:
    """Whether it draws points in steps out of noise, and has a checkpoint."""
    return (
        lab.draws_in_steps(run)
        and len(datasets.image_shape(run.config().dataset)) == 1
        and bool(run.checkpoint_steps())
    )


main()
