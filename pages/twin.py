"""2-D lab: a whole GAN in the plane, played while one looks. `?run=ID` shows the twin of a run, `?story=NAME` a story."""

import streamlit as st

from gan_core.lab2d.engine import engine
from pages.components.lab2d.form import choose_data, choose_rules, choose_start, legend
from pages.components.lab2d.play import play
from pages.components.shared import lab
from pages.components.text import _


def main() -> None:
    """Choose a game, then play it."""
    lab.enter("twin")
    engine().warm_up()
    st.title(_("2-D lab"))
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


main()
