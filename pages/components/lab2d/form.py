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
from pages.components.lab2d.play import Points, rates_of, with_rates
from pages.components.lab2d.words import TEXTS
from pages.components.shared import lab, links
from pages.components.shared.class_link import class_link
from pages.components.shared.config_form import knob
from pages.components.shared.settings_link import in_address, settings_of_address, tell_refusals, with_settings
from pages.components.text import N_, _, as_text, called
from pages.components.widgets.point_canvas import MAX_DRAWN, drawn_points, point_canvas

FIRST = "r1"  # a story that converges: what breaks comes after
NO_GAN, NO_STORY = N_("There is no GAN “{id}” here."), N_("There is no story “{id}” here.")
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
DATA_SETTING = "dataset.name"
LINKED = (DATA_SETTING, *RULES, *FINER, *(f"{who}_optimizer.learning_rate" for who in ("generator", "discriminator")))
"""What an address may say of the game, beside story or run."""


def choose_start() -> None:
    """Stories and runs, each one click."""
    session = st.session_state
    runs = {run.id: run for run in lab.all_runs() if plays(run)}
    follow_link(runs)
    if links.only():
        tell_trouble()
        return
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
        note = _("The points that you drew are not part of it.") if session.get("twin_data") == "points" else ""
        class_link("learn", "twin_share", parameters, note)
    tell_trouble()


def tell_trouble() -> None:
    """Why the game of a run, or a setting of the address, is not in the form."""
    session = st.session_state
    if session["twin_trouble"]:
        trouble, run_id = session["twin_trouble"]
        st.error(as_text(_(trouble).format(id=run_id) if run_id else _(trouble)), icon=":material/error:")
    tell_refusals(session.get("twin_refusals", []))


def parameters() -> dict[str, str] | None:
    """What an address must say to open what is in the form."""
    session = st.session_state
    played = with_rates(session["twin_legal"] or session["twin_base"], session["twin_rates"])
    run, name, _given = session["twin_link"]
    start = {"story": session["twin_story"]} if session["twin_story"] else {"run": run} if run else {"story": name}
    return {"tab": "lab"} | start | in_address(session["twin_origin"], played)


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
    """Loads what the address names, `?run=ID` or `?story=NAME` and settings, once; on a first visit without either the first story."""
    session = st.session_state
    run, story = st.query_params.get("run", ""), st.query_params.get("story", "")
    given = settings_of_address(LINKED)
    back_by_the_menu = not run and not story and not given and "twin_base" in session  # what was there stays
    if back_by_the_menu:
        run, story, given = session["twin_link"]
        _link(run, story)
        st.query_params.update(given)
        session["twin_link"] = (run, story, given)
        return
    if session.get("twin_link") == (run, story, given):
        return
    session["twin_link"] = (run, story, given)
    name = story if story in STORIES else FIRST  # stays if the run plays no game
    _load(STORIES[name].config, name, STORIES[name].lesson, begin=False)
    if story and story not in STORIES:
        session["twin_trouble"] = NO_STORY, story[:64]
    if run in runs:
        load_run(runs[run], keep=True)
    elif run:
        session["twin_trouble"] = NO_GAN, run[:64]
    if given:
        load_settings(given)


def load_settings(given: dict[str, str]) -> None:
    """Puts the settings of the address in the form, in place of those of the story or run."""
    session = st.session_state
    known = {name: value for name, value in given.items() if name in LINKED}
    config, refusals = with_settings(session["twin_origin"], known, check)
    session["twin_base"], session["twin_rates"] = config, rates_of(config)
    session["twin_data"] = config.dataset.name
    words = _("The 2-D lab has no setting '{name}'. It is left out.")
    strange = [words.format(name=name[:60]) for name in given if name not in known]
    session["twin_refusals"] = [*strange, *refusals]
    session["twin_link"] = (st.query_params.get("run", ""), st.query_params.get("story", ""), given)


def load_story(name: str) -> None:
    """Puts a story in the form and plays it at once."""
    _link(story=name)
    _load(STORIES[name].config, name, STORIES[name].lesson, begin=True)


def load_run(run: Run, keep: bool = False) -> None:
    """Puts the game of a run in the form, or says why it has none; `keep`s the settings of the address."""
    try:
        config = run.config()
        steps = run.status().total_steps or total_steps(config, datasets.count(config.dataset))
        game = game_of(config, steps)
    except ValueError as refusal:
        st.session_state["twin_trouble"] = str(refusal), ""
        return
    _link(run=run.id, keep=keep)
    fields = {"name": as_text(called(run)), "batch": game.training.batch_size, "steps": steps}
    _load(game, "", TWIN, begin=False, fields=fields)


def _link(run: str = "", story: str = "", keep: bool = False) -> None:
    """Makes the address name what is in the form, without the settings of an earlier link unless they are `keep`t."""
    for name, value in (("run", run), ("story", story)):
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)
    for name in {} if keep else settings_of_address(LINKED):
        del st.query_params[name]
    st.session_state["twin_link"] = (run, story, settings_of_address(LINKED))


def _load(config: RunConfig, story: str, lesson: str, begin: bool, fields: Mapping[str, Any] | None = None) -> None:
    """Puts a game in the form; `lesson` is kept in English, with what fills it, since the language may change."""
    session = st.session_state
    session["twin_base"], session["twin_story"], session["twin_lesson"] = config, story, (lesson, dict(fields or {}))
    session["twin_origin"], session["twin_refusals"], session["twin_legal"] = config, [], None
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
    if links.only() and DATA_SETTING not in st.query_params:
        return base.dataset.name, None
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
    if links.only():
        return linked_rules(base, data, prefix)
    with st.expander(_("Settings"), icon=":material/tune:", expanded=True):
        words = _(
            "Loss, penalty, clipping and D's steps change during training; data, networks, packing, optimisers, batch "
            "size and seed start it again."
        )
        st.caption(words)
        changes = {"dataset.name": data} | _knobs(base, prefix, RULES)
        if st.toggle(_("Show all rules"), key="twin_all", persist_state="session"):
            changes |= _knobs(base, prefix, FINER)
        return legal_game(base, changes)


def linked_rules(base: RunConfig, data: str, prefix: str) -> RunConfig | None:
    """As `choose_rules`, of a link for the class: the settings that it names, and no other."""
    named = [name for name in (*RULES, *FINER) if name in st.query_params]
    return legal_game(base, {"dataset.name": data} | _knobs(base, prefix, tuple(named)))


def legal_game(base: RunConfig, changes: dict[str, Any]) -> RunConfig | None:
    """The game with these changes; where they are refused, which is said, the last that was not; None if there is none."""
    try:
        config = with_changes(base, changes)
        check(config)
    except ValueError as refusal:
        st.error(as_text(_(str(refusal))), icon=":material/error:")
        legal: RunConfig | None = st.session_state.get("twin_legal")
        if legal is None or legal.dataset.name != changes[DATA_SETTING]:
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
