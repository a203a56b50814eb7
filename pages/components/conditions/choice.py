"""Choosing what to ask a conditional model for: objects clicked or typed, a class, attributes. Importing this loads no torch."""

from collections.abc import Sequence

import streamlit as st

from gan_core.datasets.conditions import MAX_OBJECTS, Condition, Kind, parse_objects
from pages.components.text import _, as_text
from pages.components.widgets.condition_palette import Choice, condition_palette, palette_choice, typed_list

SEED_PX = 180  # wide enough for ten digits


def choose_condition(run_id: str, kind: Kind, names: Sequence[str], first: Condition) -> Condition:
    """The requested labels out of `names`, `first` at first; kept for each run while other views are shown."""
    if kind == "objects":
        return _objects(run_id, names, first)
    if kind == "classes":
        return _class(run_id, names, first)
    return _attributes(run_id, names, first)


def _objects(run_id: str, names: Sequence[str], first: Condition) -> Condition:
    """The palette of 24 with a list to type instead; a list that cannot be drawn is a sentence, and the choice stays."""
    kept, times, fault = (f"conditions_{part}_{run_id}" for part in ("kept", "times", "fault"))
    python = st.session_state.setdefault(kept, Choice(first[:MAX_OBJECTS], 0))
    key = f"conditions_palette_{run_id}"
    choice = palette_choice(python, names, key=key)
    typed = typed_list(st.session_state.setdefault(times, 0), key=key)
    if typed is not None or choice.selected != python.selected:
        st.session_state.pop(fault, None)
    if typed is not None:
        st.session_state[times] = typed.times
        try:
            choice = Choice(parse_objects(typed.words, names), choice.revision + 1)
        except ValueError as refusal:
            st.session_state[fault] = str(refusal)
    st.session_state[kept] = choice
    condition_palette(choice, names, st.session_state[times], key=key)
    if fault in st.session_state:
        st.error(as_text(_(st.session_state[fault])), icon=":material/error:")
    return choice.selected


def _class(run_id: str, names: Sequence[str], first: Condition) -> Condition:
    chosen = st.selectbox(
        _("Class"), names, index=names.index(first[0]) if first else 0, key=f"conditions_class_{run_id}",
        persist_state="session",
    )  # fmt: skip
    return (chosen,)


def _attributes(run_id: str, names: Sequence[str], first: Condition) -> Condition:
    columns = st.columns(min(4, len(names)))
    chosen = []
    for place, name in enumerate(names):
        with columns[place % len(columns)]:
            key = f"conditions_attribute_{run_id}_{place}"
            if st.toggle(as_text(name), name in first, key=key, persist_state="session"):
                chosen.append(name)
    return tuple(chosen)


def choose_seed(first: int) -> int:
    """The seed of z, `first` to begin with, and a button for the next one."""
    with st.container(horizontal=True, vertical_alignment="bottom"):  # side by side on a phone too
        seed = st.number_input(
            _("Seed of z"), 0, 2**31 - 1, first, key="conditions_seed", bind="query-params", width=SEED_PX,
            help=_("The latent z is the list of random numbers that a picture is made from; the seed picks it. One seed always "
                   "gives the same pictures."),
        )  # fmt: skip
        st.button(_("New z"), icon=":material/casino:", key="conditions_new_z", on_click=_next_seed)
    return int(seed)


def _next_seed() -> None:
    st.session_state["conditions_seed"] = (int(st.session_state.get("conditions_seed", 0)) + 1) % 2**31
