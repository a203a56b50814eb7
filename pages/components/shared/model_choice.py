"""Which model and which of its checkpoints a page looks at: two lists, kept in the address as `?run=` and `?step=`."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from gan_core.runs import Run
from pages.components.shared.links import linked_choice
from pages.components.text import _


def choose_run(page: str, runs: dict[str, Run], remember: bool = False) -> Run:
    """One of the runs (id -> run), by name; those of one name are told apart by their ids, here and by Streamlit.

    With `remember`, an address that names none opens the one that this visitor had on the page last, if it was chosen.
    """
    names = {run_id: run.name for run_id, run in runs.items()}
    shared = {name for name, count in Counter(names.values()).items() if count > 1}
    titles = {run_id: f"{name} ({run_id})" if name in shared else name for run_id, name in names.items()}

    def draw(ids: Sequence[str], first: str) -> str:
        return st.selectbox(_("Model"), ids, index=ids.index(first), format_func=titles.__getitem__, key=f"{page}_run")

    kept = f"{page}_kept_run"
    if remember and "run" not in st.query_params and st.session_state.get(kept) in runs:
        st.query_params["run"] = st.session_state[kept]
    run = runs[linked_choice("run", list(runs), next(iter(runs)), draw)]
    if "run" in st.query_params:  # the newest that nobody chose is left to become another
        st.session_state[kept] = run.id
    return run


def choose_step(page: str, run: Run, meaning: str) -> int:
    """One of the run's checkpoints, the newest at first; `meaning` says what a checkpoint is."""

    def draw(steps: Sequence[int], first: int) -> int:
        return st.selectbox(
            _("Checkpoint"), steps, index=steps.index(first), key=f"{page}_step_{run.id}",
            format_func=lambda step: _("step {n:,}").format(n=step), help=meaning,
        )  # fmt: skip

    steps = run.checkpoint_steps()[::-1]
    return linked_choice("step", steps, steps[0], draw)
