"""What every page needs of the running lab: its settings, its runs, and readers that all viewers share."""

import base64
import gc
import random
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import plotly.io
import streamlit as st

from gan_core import runs
from gan_core.access import set_source
from gan_core.analysis.doctor import Finding
from gan_core.analysis.doctor.examine import examine
from gan_core.config import settings
from gan_core.config.devices import Machine
from gan_core.config.reasons import reason
from gan_core.figures import charts
from gan_core.figures.overview import Groups, Overview
from gan_core.figures.style import Column
from gan_core.models.kinds import kind_or_none
from gan_core.processes.pace import RefreshPace
from gan_core.runs import Run
from gan_core.runs.metrics import MetricsTail
from gan_core.runs.status import OPEN_STATES
from gan_core.training import supervisor
from pages.components.shared import visitor
from pages.components.text import _, as_text, called, language, ngettext

REFRESH_S = 1.0
PACE = RefreshPace()
OUT_OF_PACE = 1.4
PIXEL = 0.001  # of a chart's width
T = TypeVar("T")


def start() -> settings.Settings:
    """The lab's settings, its supervisors running. Cheap after the first call; every page begins with it."""
    set_source(visitor.actor)
    chosen = _settings()
    supervisor.ensure_supervisors(chosen)
    return chosen


def enter(page: str) -> None:
    """The first line of every page: sends a visitor through app.py, whatever address they came by.

    Streamlit runs a file in pages/ by itself, without app.py, when its address is the first that a fresh server is
    asked for; from app.py's first run on it never does.
    """
    if "lab_routed" not in st.session_state:
        st.switch_page("app.py", query_params={**st.query_params.to_dict(), "page": page})
    start()


def name_tab(words: str) -> None:
    """Names the browser's tab after what is on show."""
    st.set_page_config(page_title=f"{words} · Ganvas")


@st.cache_resource(show_spinner=False)
def _settings() -> settings.Settings:
    gc.collect()
    gc.freeze()  # what is loaded by now lives as long as the server: later collections need not walk it
    return settings.from_environment()


def machine() -> Machine | None:
    """What this machine can train on; None during its first seconds."""
    return supervisor.machine(start())


def own_runs() -> list[Run]:
    """The runs that were made here, newest first."""
    return runs.list_runs(start().runs_dir)


def all_runs() -> list[Run]:
    """Every run: the user's own, newest first, then those that come with the program."""
    return [*own_runs(), *runs.shipped_runs()]


def run_or_none(run_id: str | None) -> Run | None:
    """The run with this id, or None; ids come from links, so anything may be in them."""
    return next((run for run in all_runs() if run.id == run_id), None) if run_id else None


def draws_in_steps(run: Run) -> bool:
    """Whether its samples are made of noise step by step; not of one that cannot be read, whose page says why."""
    try:
        kind = kind_or_none(run.config())
    except ValueError:
        return False
    return kind is not None and kind.draws_in_steps


def set_pace() -> None:
    """Fixes this session's refreshes to what the server can do now; at the beginning of every run of a page."""
    st.session_state["lab_pace"], st.session_state["lab_live"] = _pace(), False


def refresh_every() -> float:
    """Seconds between two refreshes of a live part: more on a busy server, and a little different in every session, so that they
    do not tick in step."""
    if "lab_jitter" not in st.session_state:
        st.session_state["lab_jitter"] = random.uniform(0, 0.6)
    st.session_state["lab_live"] = True
    return float((REFRESH_S + st.session_state["lab_jitter"]) * st.session_state.get("lab_pace", 1.0))


def keep_pace() -> None:
    """Draws a page with live parts anew where they tick much too often, or too seldom, for the server as it is now: an interval is
    fixed when a part is drawn."""
    ratio = _pace() / st.session_state.get("lab_pace", 1.0)
    if st.session_state.get("lab_live") and not 1 / OUT_OF_PACE < ratio < OUT_OF_PACE:
        st.rerun()


def _pace() -> float:
    """How far intervals are stretched now; not at all where runs train in threads of this process, whose work counts as its own."""
    return 1.0 if _settings().place == "thread" else PACE.stretch()


@dataclass(frozen=True)
class Mark:
    """Words at a step: on the charts of some metrics, or on all when none are named."""

    step: int
    words: str
    columns: tuple[str, ...] = ()

    def belongs_to(self, chart: charts.Chart) -> bool:
        """Whether it is drawn on this chart."""
        return not self.columns or any(trace.column in self.columns for trace in chart.traces)


class SharedTail:
    """A run's metrics, read once for all who watch it."""

    def __init__(self, run: Run) -> None:
        self._run, self._tail = run, MetricsTail(run.metrics_path)
        self._guard = threading.Lock()
        self._overview = Overview()
        self._groups = Groups(1, {}, {})
        self._figures: dict[tuple[object, ...], str] = {}
        self._drawn: tuple[int, int, bool] = (-1, -1, False)
        self._examined: tuple[int, str] = (-1, "")
        self._findings: list[Finding] = []

    def columns(self) -> dict[str, Column]:
        """Metric name -> values, after reading what is new."""
        with self._guard:
            self._tail.refresh()
            return {name: self._tail.column(name).copy() for name in self._tail.names()}

    @property
    def damaged(self) -> int:
        """How many lines of the log were skipped."""
        with self._guard:
            self._tail.refresh()
            return self._tail.damaged

    def last_rows(self, count: int) -> list[dict[str, float]]:
        """The newest recorded steps, the oldest of them first."""
        with self._guard:
            self._tail.refresh()
            columns = self._tail.rows(max(0, len(self._tail) - count))
            return [{name: float(v[i]) for name, v in columns.items()} for i in range(len(columns.get("step", ())))]

    def findings(self, run: Run) -> list[Finding]:
        """What the doctor finds, asked again when the run's log has grown by a fiftieth or its status has changed."""
        with self._guard:
            self._tail.refresh()
            count, state = len(self._tail), run.status().state
            if state != self._examined[1] or count >= 1.02 * self._examined[0] + 1:
                self._examined = (count, state)
                self._findings = examine(run)
            return self._findings

    def charts(self) -> list[charts.Chart]:
        """Those that the run has numbers for by now."""
        with self._guard:
            self._tail.refresh()
            return charts.available(self._tail.names())

    def figure_jsons(
        self, smoothing: float, log_scale: bool, marks: tuple[Mark, ...], keys: Collection[str] | None = None
    ) -> dict[str, str]:
        """Chart key -> its figure as JSON, of the charts with these keys, of all when None: built once for all viewers with the
        same wishes, and while a run trains anew only when its curves have grown by what the eye can see."""
        with self._guard:
            self._tail.refresh()
            self._begin_figures_anew(self._run.status().state in OPEN_STATES)
            made = {}
            for chart in charts.available(self._tail.names()):
                if keys is not None and chart.key not in keys:
                    continue
                key = (chart.key, smoothing, log_scale, marks, language())
                if key not in self._figures:
                    drawn = [(mark.step, mark.words) for mark in marks if mark.belongs_to(chart)]
                    self._figures[key] = plotly.io.to_json(
                        charts.figure(chart, self._groups, smoothing, log_scale, drawn, _)
                    )
                made[chart.key] = self._figures[key]
            return made

    def _begin_figures_anew(self, trains: bool) -> None:
        restarts, count, trained = self._drawn
        if (restarts, trained) == (self._tail.restarts, trains) and (
            len(self._tail) == count or (trains and len(self._tail) < (1 + PIXEL) * count)
        ):
            return
        if restarts != self._tail.restarts:
            self._overview = Overview()
        self._drawn = (self._tail.restarts, len(self._tail), trains)
        self._groups = self._overview.update(len(self._tail), self._tail.rows)
        self._figures = {}


@st.cache_resource(max_entries=64, show_spinner=False)
def tail(path: str) -> SharedTail:
    """The shared reader of the run in the folder `path`."""
    return SharedTail(Run(Path(path)))


def tell_damaged_lines(run: Run) -> None:
    """A warning where lines of a run's log cannot be read and were left out."""
    if count := tail(str(run.path)).damaged:
        words = ngettext(
            "{n} damaged line of the log of “{name}” was left out.",
            "{n} damaged lines of the log of “{name}” were left out.",
            count,
        )
        st.warning(words.format(n=f"{count:,}", name=as_text(called(run))), icon=":material/warning:")


def sample_url(run: Run, step: int | None = None) -> str | None:
    """A sample grid as a data URL, the newest when `step` is None; None while there is none."""
    steps = run.sample_steps()
    if not steps:
        return None
    return _file_url(str(run.sample_path(steps[-1] if step is None else step)))


@st.cache_resource(max_entries=200, show_spinner=False)
def _file_url(path: str) -> str:
    return "data:image/png;base64," + base64.b64encode(Path(path).read_bytes()).decode("ascii")


def attempt(action: Callable[[], T], level: Literal["error", "warning", "info"] = "error") -> T | None:
    """What an action returns; None after a refusal (a ValueError, or a disk that is full or cannot be written), whose sentence
    is shown in a box of this level."""
    try:
        return action()
    except (ValueError, OSError) as refusal:
        getattr(st, level)(as_text(_(_sentence(refusal))), icon=f":material/{level}:")
        return None


def _sentence(refusal: ValueError | OSError) -> str:
    """What a refusal says, in English; an error of the system that has no sentence is raised again."""
    words = str(refusal) if isinstance(refusal, ValueError) else reason(refusal)
    if words is None:
        raise refusal
    return words


def press(action: Callable[[], object]) -> None:
    """Does what a button in a live part asks for and draws the page anew, with the refusal, if any, above it."""
    try:
        action()
    except (ValueError, OSError) as refusal:
        st.session_state["lab_refusal"] = _sentence(refusal)
    st.rerun()


def show_refusal() -> None:
    """Above the page: why the last `press` was refused."""
    if refusal := st.session_state.pop("lab_refusal", None):
        st.error(as_text(_(refusal)), icon=":material/lock:")


def succeeds(action: Callable[[], object]) -> bool:
    """Whether an action was done, whatever it gives; a refusal is shown as its sentence, as by `attempt`."""
    return attempt(lambda: (action(), True)) is not None
