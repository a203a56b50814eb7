"""Which runs there are to choose, which of its weights are looked at (`?step=`, `?weights=`), and what stands where there is none."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from gan_core.runs import Run
from pages.components.shared.links import Option, linked_choice
from pages.components.text import _, as_text, called

CHOSEN = "run_weights"  # in the session: run id -> the checkpoint and the weights that the visitor chose


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
    names = {run_id: called(run) for run_id, run in runs.items()}
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
    return remembered_choice("step", run, steps, draw, key=f"{page}_step_{run.id}")


def choose_weights(page: str, run: Run, step: int) -> bool:
    """Whether the weights of the step itself are looked at, instead of their running average (`?weights=raw`); asked only where
    the checkpoint holds both."""
    if run.config().training.ema_decay <= 0 or not run.has_both_weights(step):
        return False
    words = {"average": _("Average (EMA)"), "raw": _("Raw weights")}

    def draw(names: Sequence[str], first: str) -> str:
        return st.selectbox(
            _("Weights"), names, index=names.index(first), key=f"{page}_weights_{run.id}", format_func=words.__getitem__,
            help=_("The running average of the weights, or the weights of this step."), label_visibility="collapsed", width=160,
        )  # fmt: skip

    return remembered_choice("weights", run, list(words), draw, key=f"{page}_weights_{run.id}") == "raw"


def remembered_choice(
    param: str,
    run: Run,
    options: Sequence[Option],
    draw: Callable[[Sequence[Option], Option], Option | None],
    *,
    key: str,
) -> Option:
    """As `linked_choice`, the first option being the usual one. Where the address says nothing, a visitor who comes back to the run,
    on any page, finds the option that they chose last.

    What an address without the parameter means stays the same until the visitor leaves the place, so that Back undoes a choice.
    """
    kept = st.session_state.setdefault(CHOSEN, {}).setdefault(run.id, {})
    arrives = key not in st.session_state
    if arrives:
        st.session_state[f"{key}_begun"] = kept.get(param)
    begun: object = st.session_state.get(f"{key}_begun")
    usual = next((option for option in options if option == begun), options[0])
    before = usual if arrives else st.session_state.get(f"{key}_last")
    chosen = linked_choice(param, options, usual, draw, key=key)
    if chosen != before:  # chosen by somebody: that the run has a newer checkpoint now is no choice of an older one
        kept.pop(param, None)
        if chosen != options[0]:
            kept[param] = chosen
    st.session_state[f"{key}_last"] = chosen
    return chosen
