"""What a study has found so far: the state of its runs, one chart, one table, and whether the curves can be told apart."""

import plotly.io
import streamlit as st

from gan_core.evaluation.evaluators.scoring import own_words
from gan_core.evaluation.statistics.intervals import wilson
from gan_core.evaluation.statistics.tests import LEVEL, Difference, compare
from gan_core.experiments import studies
from gan_core.experiments.studies import PLANS, Plan, Study, StudyMember
from gan_core.experiments.study_curves import Point, comparable, curve, figure, pooled
from gan_core.runs import Run
from gan_core.runs.status import OPEN_STATES
from gan_core.training import supervisor
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, line
from pages.components.shared.run_card import state_badge
from pages.components.text import _, as_text, listed, ngettext
from pages.components.widgets.live_plot import live_plot

SLOWER = 2  # refreshes a study needs: a count comes once an epoch


def results(study: Study) -> None:
    """Everything about a study, kept fresh while its runs train."""
    members = found_runs(study)
    going = any(run is not None and run.status().state in OPEN_STATES for _member, run in members)
    st.session_state["study_going"] = going
    controls(study, members)
    every = SLOWER * lab.refresh_every() if going else None
    st.fragment(live, run_every=every)(study)
    reported()


def found_runs(study: Study) -> list[tuple[StudyMember, Run | None]]:
    """The study's runs; None for one that was never queued or has been deleted."""
    runs = {run.id: run for run in lab.own_runs()}
    return [(member, runs.get(member.run_id)) for member in study.members]


def controls(study: Study, members: list[tuple[StudyMember, Run | None]]) -> None:
    """Stop what trains or waits; queue what is missing."""
    still = [run for _member, run in members if run is not None and run.status().state in OPEN_STATES]
    missing = sum(run is None for _member, run in members)
    with st.container(horizontal=True):
        if still and st.button(_("Stop its runs"), key="study_stop", icon=":material/stop:",
                               help=_("Each writes a checkpoint and can be resumed on its page.")):  # fmt: skip
            lab.press(lambda: supervisor.leave_all(still, "stop"))
        if missing:
            words = _("Queue the missing runs ({n})").format(n=missing)
            if st.button(words, key="study_missing", icon=":material/playlist_add:"):
                with st.spinner(_("Queueing the runs…")):
                    if lab.succeeds(lambda: studies.start_missing(lab.start(), study)):
                        st.rerun()
    stops = [line("stop", run.id) for run in still]
    as_command("study_runs", *stops, line("study", study.id) if missing else "")


def live(study: Study) -> None:
    """The part that changes while runs train."""
    plan, members = PLANS[study.plan], found_runs(study)
    going = {m.arm for m, run in members if run is not None and run.status().state in OPEN_STATES}
    if st.session_state.get("study_going") != bool(going):
        st.rerun()  # the buttons are outside of this fragment
    by_run = {
        run.id: curve(lab.tail(str(run.path)).columns(), plan.list_name) for _m, run in members if run is not None
    }
    curves = {
        arm.name: pooled([by_run[m.run_id] for m, run in members if run is not None and m.arm == arm.name])
        for arm in plan.arms
    }
    points = comparable(curves, lambda arm: arm in going)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        chart(study, plan, curves)
    with right:
        states(members, by_run)
    if not points:
        return
    st.subheader(_("Is the difference significant?"))
    unfinished(members, points, bool(going))
    st.markdown(sentence(points, compare({arm: point.count for arm, point in points.items()})))
    table(plan, members, by_run, points)
    conditions(study)


def unfinished(members: list[tuple[StudyMember, Run | None]], points: dict[str, Point], going: bool) -> None:
    """Says so where the results are provisional: runs still train, or some have not reached their end."""
    complete = sum(run is not None and run.status().state == "finished" for _member, run in members)
    if complete == len(members):
        return
    sentences = [_("Provisional: {n} of {total} runs are complete.").format(n=complete, total=len(members))]
    if len({point.epoch for point in points.values()}) > 1:
        sentences.append(_("The weightings are compared at different epochs (see the table)."))
    elif going and len(points) > 1:
        sentences.append(_("All weightings are compared at the same epoch (see the table)."))
    if not going:
        sentences.append(_("A run that was paused or stopped, or that failed, can be resumed on its page (Watch)."))
    st.caption(" ".join(sentences))


def chart(study: Study, plan: Plan, curves: dict[str, list[Point]]) -> None:
    """One curve an arm."""
    st.markdown(
        f"**{_('Objects that the evaluator finds, by epoch (weights real : generated)')}**",
        help=_("The share of the requested objects of 32 test conditions that the evaluator finds in the generated pictures. The "
               "band is the 95 % interval (Wilson): where bands overlap widely, the curves show no difference."),
    )  # fmt: skip
    if not any(curves.values()):
        st.caption(_("The curves begin with the end of the first epoch."))
        return
    titles = {
        "epoch": _("epoch"),
        "accuracy": _("objects found / requested"),
        "chance": _("chance {p:.3f}").format(p=plan.chance),
    }
    live_plot(plotly.io.to_json(figure(curves, plan.chance, titles)) or "", key=f"study_plot_{study.id}", height_px=420)


def states(members: list[tuple[StudyMember, Run | None]], by_run: dict[str, list[Point]]) -> None:
    """Every run in a line: its arm, how it stands, its newest count, and the way to it."""
    st.markdown(f"**{_('Runs')}**")
    for member, run in members:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(_("**{arm}** seed {seed}").format(arm=member.arm, seed=member.seed), width=90)
            if run is None:
                st.caption(_("missing"))
                continue
            status = run.status()
            state_badge(status.state)
            newest = by_run[run.id][-1:]
            words = [_("epoch {n}").format(n=status.epoch), *(str(point.count) for point in newest)]
            st.caption(" · ".join(words), width="stretch")
            st.page_link("pages/run.py", label=_("Watch"), query_params={"run": run.id})
        if status.error:
            st.caption(as_text(_(status.error)))
        if status.state == "finished" and not by_run[run.id]:
            st.caption(_("It recorded no count: no evaluator fitted it when it trained."))


def sentence(points: dict[str, Point], pairs: list[Difference]) -> str:
    """What may be said, with the test's name."""
    if not pairs:
        return _("There is only one weighting with a result yet, so nothing to compare.")
    test = _("Fisher's exact test for each of {n} pairs, Holm's correction, level {level:.0%}").format(
        n=len(pairs), level=LEVEL
    )
    different = [pair for pair in pairs if pair.differs]
    ratios = sorted(points, key=lambda arm: -points[arm].count.ratio)
    best = next(pair for pair in pairs if {pair.first, pair.second} == set(ratios[:2]))
    if not different:
        return _(
            "**No significant differences**: no two differ by more than chance explains (smallest {p}; {test})."
        ).format(p=p_words(pairs[0].corrected), test=test)
    pairs_words = listed(
        _("{a} above {b} ({x} against {y}, {p})").format(
            a=pair.first,
            b=pair.second,
            x=points[pair.first].count,
            y=points[pair.second].count,
            p=p_words(pair.corrected),
        )
        for pair in different
    )
    words = _(
        "**Significantly different: {apart} of {n} pairs.** {listed}. The other pairs do not differ significantly "
        "({test})."
    )
    if len(different) == len(pairs):
        words = _("**Significantly different: all {n} pairs.** {listed} ({test}).")
    told = words.format(apart=len(different), n=len(pairs), listed=pairs_words, test=test)
    if best.differs:
        return told
    closing = _("The best two, {a} and {b}, do not differ significantly ({x} against {y}, {p}).").format(
        a=best.first, b=best.second, x=points[best.first].count, y=points[best.second].count, p=p_words(best.corrected)
    )
    return f"{told} {closing}"


def p_words(p: float) -> str:
    """A p-value in two digits, with its sign: "p = 0.031"."""
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"


def table(
    plan: Plan, members: list[tuple[StudyMember, Run | None]], by_run: dict[str, list[Point]], points: dict[str, Point]
) -> None:
    """Hits and totals where the arms are compared."""
    rows, repeated = [], any(member.seed > 0 for member, _run in members)
    for arm in plan.arms:
        point = points.get(arm.name)
        if point is None:
            continue
        low, high = wilson(point.count).interval
        seeds = [
            str(seen.count)
            for member, run in members
            if run is not None and member.arm == arm.name
            for seen in by_run[run.id]
            if seen.epoch == point.epoch
        ]
        rows.append(
            {
                _("real : generated"): arm.name,
                _("epoch"): point.epoch,
                _("hits / requested"): str(point.count),
                _("ratio"): f"{point.count.ratio:.3f}",
                _("95 % interval"): _("{low:.3f} to {high:.3f}").format(low=low, high=high),
                **({_("each seed"): ", ".join(seeds)} if repeated else {}),
            }
        )
    st.dataframe(rows, hide_index=True, key="study_table")
    blind = [arm for arm, point in points.items() if wilson(point.count).low <= plan.chance]
    if blind:
        words = _("Not shown to be above chance ({chance:.3f}), since the interval reaches down to it: {arms}.")
        st.markdown(words.format(chance=plan.chance, arms=listed(blind)))


def conditions(study: Study) -> None:
    """What the figures rest on, and what they leave out."""
    seeds = 1 + max(member.seed for member in study.members)
    words = _(
        "Conditions: {epochs} of {images:,} rendered scenes, {seeds} of each weighting, 72 requested objects per run (one "
        "picture for each of 32 conditions). The test takes all objects as independent. They are not: up to three share one "
        "picture, and all pictures of a run share one trained generator. So it is optimistic, and a difference found here may "
        "still be due to the seed."
    )
    changes = study.changes
    epochs = changes["training.epochs"]
    sentences = [
        words.format(
            epochs=ngettext("{n} epoch", "{n} epochs", epochs).format(n=epochs),
            images=changes["dataset.num_images"],
            seeds=ngettext("{n} run", "{n} runs", seeds).format(n=seeds),
        )
    ]
    if seeds == 1:
        sentences.append(_("With one seed, chance and effect cannot be separated: repeat with 3 seeds."))
    evaluator = studies.evaluator_of(PLANS[study.plan])
    if evaluator is not None:
        words = _("Evaluator: {title}; {own}.")
        own = as_text(_(own_words(evaluator.info)))
        sentences.append(words.format(title=as_text(_(evaluator.info.title)), own=own))
    st.caption(" ".join(sentences))


def reported() -> None:
    """What the report said, beside what was found here."""
    with st.container(border=True):
        st.markdown(f"**{_('Result of report R2')}**")
        words = _(
            "With i-CLEVR's rendered scenes and 75 epochs: 38/72 = 0.528 for its own run; a weight of zero on either side never "
            "learns; 7:3 looked slightly better than 1:1. One score of 72 objects has a standard error of ±0.059, so the report's "
            "one run of each cannot separate 7:3 from 1:1. The figures here are of rendered scenes and another evaluator: compare "
            "the order of the curves, not their height."
        )
        st.markdown(words)
