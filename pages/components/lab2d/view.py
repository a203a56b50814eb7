"""The 2-D lab: a whole GAN in the plane, played while one looks. `?run=ID` shows the twin of a run, `?story=NAME` a story."""

import streamlit as st

from gan_core.lab2d.engine import engine
from pages.components.lab2d.form import choose_data, choose_rules, choose_start, legend, story
from pages.components.lab2d.play import play
from pages.components.text import _


def game() -> None:
    """Choose a game, then play it."""
    st.title(_("2-D lab"))
    engine().warm_up()
    choose_start()
    place = st.container()  # what one looks at comes first; data and rules are known before
    story()
    data, points = choose_data()
    config = choose_rules(data)
    if config is not None and (data != "points" or points is not None):
        with place:
            play(config, points)
    legend()
