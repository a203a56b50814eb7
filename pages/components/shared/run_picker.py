"""Which runs there are to choose, which checkpoint of one is looked at (`?step=`), and what stands where there is none."""

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from gan_core.runs import Run
from pages.components.shared.links import linked_choice
from pages.components.text import _, as_text


def warn_of_unknown(known: Mapping[str, object], sentence: str, param: str = "run", icon: str | None = None) -> None:
    """Says so when the address names something that is not there; `sentence` has a place `{id}`."""
    wanted = st.query_params.get(param)
    if wanted and wanted not in known:
        st.warning(sentence.format(id=as_text(wanted[:64])), icon=icon)


def offer_training(page: str, words: str, button: str, target: str, **link: str) -> None:
    """What stands on a page that has no run to show: a sentence, and the button to the page `target` that makes one."""
    st.info(words, icon=":material/info:")
    icon = ":material/model_training:" if link else None
    if st.button(button, type="primary", key=f"{page}_train", icon=icon):
        st.switch_page(target, query_params=link)


def titles_of(runs: Mapping[str, Run]) -> dict[str, str]:
    """Run id -> name; those of one name are told apart by their ids, for people and for Streamlit."""
    names = {run_id: run.name for run_id, run in runs.items()}
    count = Counter(names.values())
    return {run_id: f"{name} ({run_id})" if count[name] > 1 else name for run_id, name in names.items()}


def choose_step(page: str, run: Run, meaning: str) -> int:
    """One of the run's checkpoints, the newest at first; `meaning` says what a checkpoint is."""

    def draw(steps: Sequence[int], first: int) -> int:
        return st.selectbox(
            _("Checkpoint"), steps, index=steps.index(first), key=f"{page}_step_{run.id}",
            format_func=lambda step: _("step {n:,}").format(n=step), help=meaning, label_visibility="collapsed", width=160,
        )  # fmt: skip

    steps = run.checkpoint_steps()[::-1]
    return linked_choice("step", steps, steps[0], draw, key=f"{page}_step_{run.id}")
