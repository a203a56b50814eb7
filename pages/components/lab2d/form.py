"""Which game is played in the 2-D lab: stories, the game of a run, and every rule of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from gan_core import datasets
from gan_core.config import RunConfig, with_changes
from gan_core.config import run_config as schema
from gan_core.datasets import DATASETS, uploads
from gan_core.datasets.sources import points
from gan_core.lab2d.protocol import NUM_SHOWN
from gan_core.lab2d.stories import DATA, STORIES, check, game_of
from gan_core.models.kinds import kind_or_none
from gan_core.runs import Run
from gan_core.training.plan import total_steps
from pages.components.lab2d.play import Points, rates_of
from pages.components.lab2d.words import TEXTS
from pages.components.shared import lab
from pages.components.shared.config_form import knob
from pages.components.text import N_, _, as_text
from pages.components.widgets.point_canvas import MAX_DRAWN, drawn_points, point_canvas

FIRST = "r1"  # a story that converges: what breaks comes after
NO_GAN = N_("There is no GAN “{id}” here.")
TWIN = N_(
    "The twin of **{name}**: its objective, penalty, remedies, optimisers, learning rates, batch of {batch} and {steps:,} "
    "steps. Data and networks are those of the plane; labels, the networks' batch norm and a running average it does not have."
)
DRAWN = ""  # in the place of a kept set's id
RULES = (
    "objective.name", "penalty.name", "penalty.weight", "objective.weight_clip", "objective.n_critic", "remedies.packing",
    "network.spectral_norm", "training.seed",
)  # fmt: skip
FINER = (
    "generator_optimizer.name", "generator_optimizer.beta1", "generator_optimizer.beta2", "training.batch_size",
    "discriminator_optimizer.name", "discriminator_optimizer.beta1", "discriminator_optimizer.beta2", "training.max_steps",
    "objective.real_weight", "objective.fake_weight", "remedies.label_smoothing", "remedies.instance_noise",
    "generator_optimizer.schedule", "discriminator_optimizer.schedule", "network.spectral_scale",
)  # fmt: skip


def choose_start() -> None:
    """Stories and runs, each one click."""
    session = st.session_state
    runs = {run.id: run for run in lab.all_runs() if plays(run)}
    follow_link(runs)
    with st.container(horizontal=True):
        for name, story in STORIES.items():
            chosen = session["twin_story"] == name
            st.button(
                _(story.title), key=f"twin_story_{name}", type="primary" if chosen else "secondary",
                on_click=load_story, args=(name,),
            )  # fmt: skip
        if runs:
            with st.popover(_("Twin of a run"), icon=":material/join_inner:", width="content"):
                st.caption(_("Its objective, penalty, optimisers, batch and number of steps, on points in the plane."))
                wanted = st.selectbox(
                    _("Run"), list(runs), format_func=lambda run_id: runs[run_id].name, key="twin_run",
                    persist_state="session",
                )  # fmt: skip
                st.button(_("Show its twin"), key="twin_run_go", on_click=load_run, args=(runs[wanted],))
    if session["twin_trouble"]:
        trouble, run_id = session["twin_trouble"]
        st.error(as_text(_(trouble).format(id=run_id) if run_id else _(trouble)), icon=":material/error:")


def story() -> None:
    """What the chosen game shows, and what a GAN in the plane is."""
    lesson, fields = st.session_state["twin_lesson"]
    st.markdown(_(lesson).format(**fields))
    words = _(
        "A generator **G** sends random points of the plane (*latents*) to other places, a discriminator **D** scores how real a point "
        "at each location looks. The data are clusters, called *modes*, and G has to find them all."
    )
    st.caption(words)


def follow_link(runs: dict[str, Run]) -> None:
    """Loads what the address names, `?run=ID` or `?story=NAME`, once; on a first visit without either the first story."""
    session = st.session_state
    run, story = st.query_params.get("run", ""), st.query_params.get("story", "")
    back_by_the_menu = not run and not story and "twin_base" in session  # what was there stays
    if back_by_the_menu:
        _link(*session["twin_link"])
        return
    if session.get("twin_link") == (run, story):
        return
    session["twin_link"] = (run, story)
    name = story if story in STORIES else FIRST  # stays if the run plays no game
    _load(STORIES[name].config, name, STORIES[name].lesson, begin=False)
    if run in runs:
        load_run(runs[run])
    elif run:
        session["twin_trouble"] = NO_GAN, run[:64]


def load_story(name: str) -> None:
    """Puts a story in the form and plays it at once."""
    _link(story=name)
    _load(STORIES[name].config, name, STORIES[name].lesson, begin=True)


def load_run(run: Run) -> None:
    """Puts the game of a run in the form, or says why it has none."""
    try:
        config = run.config()
        steps = run.status().total_steps or total_steps(config, datasets.count(config.dataset))
        game = game_of(config, steps)
    except ValueError as refusal:
        st.session_state["twin_trouble"] = str(refusal), ""
        return
    _link(run=run.id)
    fields = {"name": as_text(run.name), "batch": game.training.batch_size, "steps": steps}
    _load(game, "", TWIN, begin=False, fields=fields)


def _link(run: str = "", story: str = "") -> None:
    """Makes the address name what is in the form."""
    for name, value in (("run", run), ("story", story)):
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)
    st.session_state["twin_link"] = (run, story)


def _load(config: RunConfig, story: str, lesson: str, begin: bool, fields: Mapping[str, Any] | None = None) -> None:
    """Puts a game in the form; `lesson` is kept in English, with what fills it, since the language may change."""
    session = st.session_state
    session["twin_base"], session["twin_story"], session["twin_lesson"] = config, story, (lesson, dict(fields or {}))
    session["twin_rates"], session["twin_trouble"] = rates_of(config), None
    session["twin_begun"] = None  # from step 0, also where the rules alone differ
    session["twin_turn"] = session.get("twin_turn", 0) + 1  # fresh widgets
    session["twin_autoplay"] = session.get("twin_autoplay", 0) + int(begin)


def plays(run: Run) -> bool:
    """Whether it is a GAN; one that cannot be read may say so when it is chosen."""
    try:
        kind = kind_or_none(run.config())
    except ValueError:
        return True
    return kind is not None and kind.has_discriminator


def choose_data() -> tuple[str, Points | None]:
    """The data set, and with points of the visitor's own these."""
    base: RunConfig = st.session_state["twin_base"]
    data = st.segmented_control(
        _("Data"), DATA, default=base.dataset.name, required=True, key="twin_data", persist_state="session",
        format_func=title_of_data, label_visibility="collapsed",
    )  # fmt: skip
    return data, choose_points() if data == "points" else None


def title_of_data(name: str) -> str:
    """A data set's name for people."""
    return _("Draw your own") if name == "points" else _(DATASETS[name].title)


def choose_rules(data: str) -> RunConfig | None:
    """Every rule of the game on this data. What is refused is said; the last that was not is played on, None if none."""
    base: RunConfig = st.session_state["twin_base"]
    prefix = f"twin_{st.session_state['twin_turn']}"
    with st.expander(_("Settings"), icon=":material/tune:", expanded=True):
        words = _(
            "Loss, penalty, clipping and D's steps change during training; data, networks, packing, optimisers, batch "
            "size and seed start it again."
        )
        st.caption(words)
        changes = {"dataset.name": data} | _knobs(base, prefix, RULES)
        if st.toggle(_("Show all rules"), key="twin_all", persist_state="session"):
            changes |= _knobs(base, prefix, FINER)
        try:
            config = with_changes(base, changes)
            check(config)
        except ValueError as refusal:
            st.error(as_text(_(str(refusal))), icon=":material/error:")
            legal: RunConfig | None = st.session_state.get("twin_legal")
            if legal is None or legal.dataset.name != data:
                return None
            st.caption(_("Training above continues with the last valid settings."))
            return legal
    st.session_state["twin_legal"] = config
    return config


def legend() -> None:
    """What the picture and its numbers mean."""
    with st.expander(_("What is seen, and what the numbers mean"), icon=":material/help:"):
        seen = [(TEXTS["show"][name], help_text) for name, help_text in TEXTS["show_help"].items()]
        measured = [(TEXTS["facts"][name], help_text) for name, help_text in TEXTS["facts_help"].items()]
        filled = {"n": NUM_SHOWN, "worst": _("the logarithm of their number")}
        st.markdown("\n".join(f"- **{name}**: {words.format(**filled)}" for name, words in (*seen, *measured)))


def _knobs(base: RunConfig, prefix: str, names: tuple[str, ...]) -> dict[str, Any]:
    fields = schema.field_names()
    columns = st.columns(4)
    chosen = {}
    for index, name in enumerate(names):
        with columns[index % 4]:
            chosen[name] = knob(name, fields[name], schema.get(base, name), f"{prefix}_{name}")
    return chosen


@st.cache_data(max_entries=16, show_spinner=False)
def read_points(file: str) -> Points:
    """The points of a file, as they stand in it; of many, MAX_DRAWN that are spread evenly over the file.

    Raises:
        ValueError: as `points.read_file`.
    """
    rows = points.read_file(Path(file))
    return tuple((float(x), float(y)) for x, y in rows[:: -(-len(rows) // MAX_DRAWN)])


def choose_points() -> Points | None:
    """Points of the visitor's own: drawn here, or kept on the Data page. None until there are enough."""
    kept = {own.id: own for own in uploads.list_own() if own.kind == "points"}
    source = DRAWN
    if kept:
        source = st.selectbox(
            _("Points"), [DRAWN, *kept], key="twin_points", persist_state="session",
            format_func=lambda name: kept[name].name if name else _("Drawn here"),
        )  # fmt: skip
    if source:
        return lab.attempt(lambda: read_points(kept[source].root))
    turn = st.session_state.setdefault("twin_canvas_turn", 0)
    ready: Points | None = st.session_state.get("twin_drawn")
    with st.expander(_("Draw"), expanded=ready is None):
        st.caption(_("Click or drag; with the keyboard, arrows move and Space sprays."))
        point_canvas(turn, key="twin_canvas")
        drawn = drawn_points(turn, key="twin_canvas")
        enough = len(drawn) >= points.MIN_POINTS
        if st.button(_("Play on these points"), type="primary", key="twin_canvas_go", disabled=not enough):
            ready = st.session_state["twin_drawn"] = tuple(drawn)
    if ready is None:
        words = _("Draw at least {n} points, then press “Play on these points”.")
        st.info(words.format(n=points.MIN_POINTS), icon=":material/draw:")
    return ready
