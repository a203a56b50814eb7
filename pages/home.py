"""Home: what this is, one button that trains, the newest runs, what to try next; for the teacher of a class, the class first."""

import streamlit as st

from gan_core.presets import DEFAULT, PRESETS
from gan_core.runs import Run
from gan_core.training import supervisor
from pages.components.home.class_view import class_on_screen, class_view
from pages.components.shared import lab, present, visitor
from pages.components.shared.run_card import badge, open_links, start_and_watch
from pages.components.text import _, called
from pages.components.widgets.picture import picture

NEWEST = 4
IDEAS_A_ROW = 3


def main() -> None:
    """Draws the page."""
    lab.enter("home")
    if present.on(""):
        class_on_screen()
        return
    if visitor.teaches():
        class_view()
    else:
        welcome()
    ready_made()
    if lab.all_runs():
        what_next()


def welcome() -> None:
    """What this is, the button that trains, the newest runs."""
    st.title(_("Watch a neural network learn to draw"))
    words = _(
        "Ganvas is a classroom for **generative image models**: programs that look at pictures and learn to make new "
        "ones. The best-known kind is the **GAN** (generative adversarial network): one network, the *generator*, "
        "draws; another, the *discriminator*, tries to tell its drawings from real pictures. Each learns from the "
        "other. You watch them live, change their settings, and walk through what they have learned."
    )
    st.markdown(words)
    with st.container(border=True):
        st.subheader(_("Start here"))
        words = _(
            "One click trains a small GAN on 4,500 real handwritten digits. The first shapes appear within seconds, "
            "digits within about a minute. It runs in the background: you can look around meanwhile."
        )
        st.markdown(words)
        if st.button(_("Train on digits now"), key="home_train", type="primary", icon=":material/play_arrow:"):
            start_and_watch(lambda: supervisor.submit(lab.start(), PRESETS[DEFAULT].config))
    if lab.own_runs():
        newest()


@st.fragment(run_every=3)
def newest() -> None:
    """The newest runs at a glance."""
    runs = lab.own_runs()[:NEWEST]
    if not runs:
        return
    st.subheader(_("Newest runs"))
    cards(runs)


def ready_made() -> None:
    """The models that come with the program."""
    runs = [run for run in lab.all_runs() if run.shipped]
    if not runs:
        return
    st.subheader(_("Ready to explore: trained models that come with Ganvas"))
    cards(runs[:NEWEST])
    if len(runs) > NEWEST:
        words = _("All {n} ready-made models").format(n=len(runs))
        st.page_link("pages/runs.py", label=words, query_params={"tab": "ready"}, icon=":material/arrow_forward:")


def cards(runs: list[Run]) -> None:
    """Runs side by side, equally high: newest samples, state, where to go at the bottom."""
    for column, run in zip(st.columns(NEWEST), runs, strict=False):
        with column, st.container(border=True, height="stretch", key=f"home_card_{run.id}"):
            url = lab.sample_url(run)
            if url:
                alt = _("Newest samples of {name}").format(name=called(run))
                picture(url, key=f"home_picture_{run.id}", alt=alt)
            badge(run)
            st.space("stretch")  # the buttons of a row stand at one height
            with st.container(horizontal=True):
                open_links(run, f"home_{run.id}")


def what_next() -> None:
    """Ideas for somebody who has trained once."""
    st.subheader(_("What to try next"))
    ideas: tuple[tuple[str, str, str, dict[str, str]], ...] = (
        (
            _("Take a guided lesson"),
            _("Predict what will happen, let it happen for real, and see why. Each takes about ten minutes."),
            "learn", {},
        ),
        (
            _("See a whole GAN at once"),
            _("Points in the plane instead of pictures: both networks can be drawn, and trained step by step."),
            "learn", {"tab": "lab"},
        ),
        (
            _("Break it on purpose"),
            _("**Mode collapse**: the generator makes the same few images again and again. Cause it, measure it, repair "
              "it."),
            "learn", {"tab": "break"},
        ),
        (
            _("Explore what it has learned"),
            _("Drag a slider and see one digit turn into another. What does each direction change?"),
            "run", {"tab": "explore"},
        ),
        (
            _("Replay a training run"),
            _("Go back and forth in time, see where a run went wrong, and branch off from there."),
            "run", {"tab": "replay"},
        ),
        (
            _("Use your own pictures"),
            _("Upload a zip of pictures or draw points with the mouse, look at what you have, then train on it."),
            "data", {},
        ),
    )  # fmt: skip
    for first in range(0, len(ideas), IDEAS_A_ROW):
        for column, (title, words, page, link) in zip(st.columns(IDEAS_A_ROW), ideas[first:], strict=False):
            with column, st.container(border=True, height="stretch"):
                st.page_link(
                    f"pages/{page}.py", label=f"**{title}**", query_params=link, icon=":material/arrow_forward:"
                )
                st.markdown(words)


main()
