"""Break a model by one setting; then the broken and the repaired run beside each other, live."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from gan_core.analysis import comparing
from gan_core.config import run_config, with_changes
from gan_core.experiments import arms, breakages
from gan_core.experiments.breakages import BREAKAGES, Breakage
from gan_core.runs import Run
from gan_core.runs.status import OPEN_STATES
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, line, train_line
from pages.components.shared.config_form import setting_name, value_of
from pages.components.shared.departures import show_departures
from pages.components.shared.doctor_panel import diagnosed, no_findings
from pages.components.shared.run_card import badge
from pages.components.text import _, as_text, called, listed
from pages.components.widgets.picture import picture

SHOWN_SETTINGS = 6
DOCTOR = ":material/stethoscope:"


def break_one() -> None:
    """A card for each way; its button queues the broken model and shows it."""
    names = list(BREAKAGES)
    for first in range(0, len(names), 2):
        for place, name in zip(st.columns(2), names[first : first + 2], strict=False):
            with place, st.container(border=True, height="stretch"):
                card(name, BREAKAGES[name])


def card(name: str, breakage: Breakage) -> None:
    """What is set wrong, what comes of it, how long it takes, and the button."""
    st.markdown(f"**{_(breakage.title)}**", help=_(run_config.field_names()[breakage.field].description))
    st.markdown(_(breakage.story))
    words = _("{setting}: {broken} instead of {repaired}. About {minutes:g} minutes on two quiet cores.")
    st.caption(
        words.format(
            setting=setting_name(breakage.field), broken=in_words(breakage.field, breakage.broken), repaired=in_words(breakage.field, breakage.repaired),
            minutes=breakage.minutes,
        )
    )  # fmt: skip
    if st.button(_("Break it"), key=f"collapse_break_{name}", icon=":material/heart_broken:"):
        with st.spinner(_("Starting the trainer…")):
            broken = lab.attempt(lambda: arms.submit(lab.start(), breakage.config, breakage.title))
        if broken is not None:
            show_pair(broken.id, None)
    as_command(f"break_{name}", train_line(breakage.config))


def in_words(name: str, value: Any) -> str:
    """A setting's value, as people say it."""
    return _("all") if name == "dataset.num_images" and not value else value_of(name, value)


def show_pair(broken: str, repaired: str | None) -> None:
    """Opens the page again with these two beside each other."""
    st.session_state["collapse_turn"] = turn() + 1
    st.query_params["broken"] = broken
    st.query_params.pop("sound", None)
    if repaired:
        st.query_params["sound"] = repaired
    st.rerun()


def turn() -> int:
    """How often this page chose for the visitor; part of the lists' keys, so that they forget what was chosen before."""
    return int(st.session_state.get("collapse_turn", 0))


def repair(run: Run, breakage: Breakage) -> None:
    """The two ways to put it right: from the beginning, or from a checkpoint on."""
    with st.container(border=True):
        words = _("**Repair:** {setting} {repaired} instead of {broken}, and nothing else.")
        st.markdown(
            words.format(
                setting=setting_name(breakage.field),
                repaired=in_words(breakage.field, breakage.repaired),
                broken=in_words(breakage.field, breakage.broken),
            )
        )
        words = _(
            "The twin starts again with the same seed (initial weights, order of images, latents), optimiser and "
            "number of steps. A branch continues from the broken model's own weights at a checkpoint: can it still "
            "recover?"
        )
        st.caption(words)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if st.button(_("Train the repaired twin"), key="collapse_twin", type="primary", icon=":material/healing:"):
                start(run, lambda: breakages.repair(lab.start(), run, breakage))
            step = branch(run, breakage)
        twin = train_line(with_changes(run.config(), breakage.repair))
        branched = [] if step is None else [line("branch", run.id, step=step, set=breakage.repair)]
        as_command("repair", twin, *branched)


def branch(run: Run, breakage: Breakage) -> int | None:
    """Choose a checkpoint and go on from there; or why that cannot be. Returns the checkpoint."""
    if not breakage.can_branch:
        st.caption(_("This setting cannot change in the middle of a run: it needs the twin."))
        return None
    steps = [step for step in run.trainable_steps() if step < run.status().total_steps]
    if not steps:
        st.caption(_("To branch, wait for the first checkpoint of a run of your own."))
        return None
    step = st.selectbox(
        _("Checkpoint"), steps, index=len(steps) // 2, key=f"collapse_from_{run.id}", width=160,
        format_func=lambda n: _("step {n:,}").format(n=n),
    )  # fmt: skip
    if st.button(_("Branch from here"), key="collapse_branch", icon=":material/call_split:"):
        start(run, lambda: breakages.repair(lab.start(), run, breakage, step))
    return step


def start(broken: Run, make: Callable[[], Run]) -> None:
    """Queues what `make` makes and shows it beside the broken run."""
    with st.spinner(_("Starting the trainer…")):
        made = lab.attempt(make)
    if made is not None:
        show_pair(broken.id, made.id)


def beside(broken: Run, repaired: Run | None) -> None:
    """Both runs' sample grids at one step, and what the doctor says of each; fresh every second while one trains."""
    shown = [run for run in (broken, repaired) if run is not None]
    alive = any(run.status().state in OPEN_STATES for run in shown)
    st.session_state["collapse_rest"] = rest_depends_on(shown)
    st.fragment(grids, run_every=lab.refresh_every() if alive else None)(shown)


def grids(runs: Sequence[Run]) -> None:
    """The sample grids of the newest common step, or of one that is chosen."""
    if st.session_state.get("collapse_rest") != rest_depends_on(runs):
        st.rerun()  # what stands below is outside of this fragment
    steps = common_steps(runs)
    step = None
    if len(steps) > 1:
        newest = steps[-1]
        with st.container(horizontal=True, vertical_alignment="bottom"):
            follow = st.toggle(_("Follow the newest"), True, key="collapse_follow")
            if not follow:
                step = st.select_slider(_("Step of both"), steps, value=newest, key=f"collapse_step_{runs[0].id}")
        step = newest if step is None else step
    for place, run in zip(st.columns(2, gap="medium"), runs, strict=False):
        with place:
            grid(run, steps[-1] if step is None and steps else step)


def rest_depends_on(runs: Sequence[Run]) -> list[tuple[str, str, int]]:
    """What the page below the grids depends on: states, and which checkpoints can be branched from and measured."""
    return [(run.id, run.status().state, len(run.checkpoint_steps())) for run in runs]


def grid(run: Run, step: int | None) -> None:
    """A run's state, its sample grid at a step, and the doctor's findings."""
    badge(run)
    url = lab.sample_url(run, step) if run.sample_steps() else None
    if url is None:
        st.caption(_("The first grid is on its way."))
        return
    there = run.sample_steps()[-1] if step is None else step
    picture(
        url, key=f"collapse_grid_{run.id}", alt=_("Samples of {run} at step {n:,}").format(run=called(run), n=there),
        caption=_("step {n:,}").format(n=there),
    )  # fmt: skip
    found = [finding for finding in diagnosed(run) if finding.severity != "note"]
    for finding in found[:2]:
        when = _("since step {n:,}") if finding.lasting else _("from step {n:,}, over by now")
        st.caption(f"{DOCTOR} **{_(finding.title)}**, " + when.format(n=finding.since))
    if not found:
        words = _("Curves tell how much pictures differ in their pixels, not how many different things they show.")
        st.caption(f"{DOCTOR} {no_findings(run)} {words}")


def common_steps(runs: Sequence[Run]) -> list[int]:
    """Steps at which all of them drew a grid, ascending."""
    sets = [set(run.sample_steps()) for run in runs]
    return sorted(set.intersection(*sets)) if sets else []


def show_differences(broken: Run, repaired: Run) -> bool:
    """Says in what the two differ. Returns whether they are of the same data, so that they can be compared."""
    configs = broken.config(), repaired.config()
    stands = {obstacle.name for obstacle in comparing.obstacles(configs)} & {"data", "size", "model"}
    if stands:
        reasons = [o.said(_) for o in comparing.obstacles(configs) if o.name in stands]
        st.warning(as_text(" ".join(reasons)) + " " + _("Choose two runs of the same data."), icon=":material/block:")
        return False
    different = comparing.differing(configs, [run.status().total_steps for run in (broken, repaired)])
    named = [
        f"**{setting_name(name)}** {as_text(in_words(name, a))} → {as_text(in_words(name, b))}"
        for name, (a, b) in list(different.items())[:SHOWN_SETTINGS]
    ]
    departed = show_departures([broken, repaired])
    if not named:
        st.caption(_("Both have the same settings in everything."))
    elif len(different) == 1 and departed:
        words = _(
            "Their settings differ in one: {setting}. With what is listed above, it does not explain alone what you see."
        )
        st.markdown(words.format(setting=named[0]))
    elif len(different) == 1:
        st.markdown(_("They differ in one setting: {setting}.").format(setting=named[0]))
    else:
        more = _(" and more") if len(different) > SHOWN_SETTINGS else ""
        words = _("They differ in {n} settings, so no single one explains what you see: {settings}.")
        st.markdown(words.format(n=len(different), settings=listed(named) + more))
    if not comparing.same_pinned_latents(configs):
        st.caption(_("The same place in the two grids shows different latents."))
    return True
