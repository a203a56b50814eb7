"""The log of a run: its newest lines and events, and the whole log table, to copy or download."""

import streamlit as st

from gan_core.exchange import curves
from gan_core.models.kinds import kind_of
from gan_core.runs import Run, recovery
from gan_core.training.log_line import log_line
from pages.components.shared import lab
from pages.components.text import N_, Marked, _

LOG_LINES = 12
SHOWN_LINES = 5_000  # of the table; the file to download has all of them
ROWS = Marked({"epoch": N_("Each epoch"), "step": N_("Each recorded step")})


def log(run: Run) -> None:
    """The newest log lines, in the manner of the DCGAN example."""
    with st.expander(_("Log"), expanded=False):
        if kind_of(run.config()).has_discriminator:
            words = _(
                "D(x) is the discriminator's mean output on real images. D(G(z)) is its mean output on generated ones: "
                "first before D's update, then after it, just before G's update."
            )
            st.caption(words)
        tail = lab.tail(str(run.path))
        rows = tail.last_rows(LOG_LINES)
        if tail.damaged:
            st.caption(_(recovery.skipped(tail.damaged, run.metrics_path.name)))
        status = run.status()
        epochs = run.config().training.epochs
        st.code("\n".join(log_line(row, epochs, status.steps_per_epoch) for row in rows) or "-", language=None)
        lines = [
            f"step {e['step']}: {e['type']} {e.get('error') or e.get('why') or e.get('changes') or e.get('files') or ''}"
            for e in run.events()
        ]
        st.code("\n".join(lines[-LOG_LINES:]) or "-", language=None)


def log_table(run: Run) -> None:
    """Every line of the log, to copy or download, and the curves as CSV."""
    key = f"log_table_{run.id}"
    with st.expander(_("Log table and curves as files"), key=key, on_change="rerun") as place:
        if not place.open:
            return
        words = _(
            "In the format of PyTorch's DCGAN example: a row each epoch (its last recorded step) or each recorded step."
        )
        if kind_of(run.config()).has_discriminator:
            words += " " + _("The two values of D(G(z)) are means before and after the discriminator's update.")
        st.caption(words)
        rows = st.segmented_control(
            _("Rows"), list(ROWS), default="epoch", required=True, format_func=ROWS.__getitem__, key=f"{key}_rows"
        )
        text = lab.attempt(lambda: curves.log_text(run, per_epoch=rows == "epoch"), "info")
        if text is None:
            return
        lines = text.splitlines()
        if len(lines) > SHOWN_LINES:
            shown = _("The newest {n:,} of {all:,} rows; the file has all of them.")
            st.caption(shown.format(n=SHOWN_LINES, all=len(lines)))
        st.code("\n".join(lines[-SHOWN_LINES:]), language=None, height=min(360, 40 + 24 * len(lines)))
        with st.container(horizontal=True):
            st.download_button(
                _("Download this table ({n:,} rows)").format(n=len(lines)), text, file_name=f"{run.id}-log.txt",
                key=f"{key}_text", icon=":material/download:", on_click="ignore",
            )  # fmt: skip
            st.download_button(
                _("Download all curves as CSV"), lambda: curves.csv_text(run), file_name=f"{run.id}-curves.csv",
                key=f"{key}_csv", icon=":material/download:", on_click="ignore",
            )  # fmt: skip
