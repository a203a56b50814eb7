"""What the viewer saw in a run, kept with it: words beside each figure, pictures marked as best or worst."""

from functools import partial
from typing import get_args

import streamlit as st

from gan_core.analysis import marked
from gan_core.evaluation import measure_task
from gan_core.figures import imaging
from gan_core.figures.sheets import Line, contact_sheet
from gan_core.jobs import task as background
from gan_core.runs import Run, notes
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, line
from pages.components.shared.task_view import outcome
from pages.components.text import N_, Marked, _, called
from pages.components.widgets.picture import download_png, picture
from pages.components.widgets.sample_picker import picked, sample_picker

JUDGEMENTS = Marked({"best": N_("best"), "worst": N_("worst")})
PLACE = N_("number {number}, step {step:,}")
AUTOMATIC = N_("the distance to the nearest of 500 held-out real images, in the evaluator's features")


def observation(run: Run, figure: str) -> None:
    """What was seen in a figure, and a way to write it down."""
    key = f"live_seen_{run.id}_{figure}"
    words = notes.read(run).observations.get(figure, "")
    if words:
        st.text(words)
    if run.shipped:
        return
    saved = st.session_state.get(f"{key}_saved", 0)  # another key is another popover, which is closed
    title = _("Edit the observation") if words else _("What do you see?")
    with st.popover(
        title, icon=":material/edit_note:", key=f"{key}_{saved}", type="tertiary", on_change="rerun"
    ) as place:
        if not place.open:
            return
        with st.form(f"{key}_form", border=False):
            typed = st.text_area(_("Observation"), words, max_chars=notes.MAX_TEXT, key=f"{key}_words")
            pressed = st.form_submit_button(_("Keep"))
        as_command(f"observation_{figure}", line("note", run.id, words or "...", figure=figure))
        if pressed and lab.succeeds(lambda: notes.observe(run, figure, typed)):
            st.session_state[f"{key}_saved"] = saved + 1
            st.rerun()


def best_and_worst(run: Run) -> None:
    """Pictures of a sample grid to mark, those that are marked, and the automatic ones."""
    key = f"live_marks_{run.id}"
    with st.expander(_("Best and worst pictures"), key=key, on_change="rerun") as place:
        if not place.open:
            return
        steps = run.sample_steps()
        step = st.select_slider(_("Step"), steps, value=steps[-1], key=f"{key}_step") if len(steps) > 1 else steps[0]
        grid = marked.grid_tiles(run, step)
        if grid is None:
            st.caption(_("The sample grid of this step has no pictures to mark."))
            return
        if not run.shipped:
            mark_form(run, step, imaging.array_url(imaging.grid(grid, gap_px=0)), len(grid), key)
        marked_pictures(run, key)
        automatic(run, key)


def mark_form(run: Run, step: int, sheet: str, count: int, key: str) -> None:
    """A grid to click, the judgement and the reason."""
    st.caption(_("Click a picture, say what it is and why, and mark it."))
    chosen = picked(f"{key}_picker", (), 1)
    sample_picker(
        sheet, range(1, count + 1), chosen, columns=imaging.even_columns(count), limit=1, label=_("Picture to mark"),
        key=f"{key}_picker",
    )  # fmt: skip
    with st.form(f"{key}_form", border=False, clear_on_submit=True):
        left, right, last = st.columns([1, 3, 1], vertical_alignment="bottom")
        judgement = left.selectbox(
            _("It is the"), get_args(notes.Judgement), format_func=JUDGEMENTS.__getitem__, key=f"{key}_judgement"
        )
        reason = right.text_input(_("Reason"), max_chars=notes.MAX_REASON, key=f"{key}_reason")
        pressed = last.form_submit_button(_("Mark"), icon=":material/flag:")
    if chosen:
        as_command(
            "mark",
            *(
                line("mark", run.id, step=step, picture=chosen[0], reason=_("Reason"), **{name: True})
                for name in JUDGEMENTS
            ),
        )
    if pressed and not chosen:
        st.info(_("Click a picture first."), icon=":material/info:")
    elif pressed:
        lab.succeeds(lambda: notes.mark(run, step, chosen[0] - 1, judgement, reason))


def marked_pictures(run: Run, key: str) -> None:
    """The marked ones with their reasons, as one picture, and a button each to remove a mark."""
    found = marked.marked(run)
    if not found:
        return
    title = _("Marked pictures of {run}").format(run=called(run))
    sheet = marked.sheet(found, {**JUDGEMENTS, "place": _(PLACE)}, title)
    picture(imaging.data_url(sheet), key=f"{key}_sheet", alt=title, pixelated=False, max_width_px=sheet.width)
    download_png(_("Download as PNG"), lambda: imaging.png_bytes(sheet), f"{run.id}-marked", f"{key}_png")
    if run.shipped:
        return
    with st.container(horizontal=True):
        for mark, _picture in found:
            words = _(PLACE).format(number=mark.number + 1, step=mark.step)
            pressed = st.button(
                _("Remove: {place}").format(place=words), key=f"{key}_{mark.step}_{mark.number}", type="tertiary"
            )
            if pressed and lab.succeeds(partial(notes.unmark, run, mark.step, mark.number)):
                st.rerun()


def automatic(run: Run, key: str) -> None:
    """The nearest to and the farthest from real images, measured on demand for the newest checkpoint."""
    if not run.checkpoint_steps():
        return
    step = run.checkpoint_steps()[-1]
    task = measure_task.task(run, step)
    st.markdown(f"**{_('Measured: best and worst of the first pictures')}**")
    if background.progress(task).state == "new" and not st.button(_("Measure"), key=f"{key}_measure"):
        st.caption(_("By {what}.").format(what=_(AUTOMATIC)))
        return
    result = outcome(task, f"{key}_work")
    if result is None:
        return
    distances = result["apart"]
    ends = {"best": int(distances.argmin()), "worst": int(distances.argmax())}
    lines = [
        [Line(JUDGEMENTS[name], name == "best"), Line(_(PLACE).format(number=number + 1, step=step)),
         Line(_("{x:.1f} apart").format(x=distances[number]))]
        for name, number in ends.items()
    ]  # fmt: skip
    sheet = contact_sheet(result["pinned"][list(ends.values())], lines, [], columns=4, side_px=200)
    words = _("By {what}.").format(what=_(AUTOMATIC))
    picture(imaging.data_url(sheet), key=f"{key}_automatic", alt=words, caption=words, pixelated=False,
            max_width_px=sheet.width)  # fmt: skip
