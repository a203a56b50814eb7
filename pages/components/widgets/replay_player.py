"""A recording that the browser plays: pictures, curves with a cursor, and what happened, all at one moment.

The browser scrubs by itself. It asks for pictures that it does not have yet, the nearest first, and tells Python where it
stands once the hand rests. Use it inside a fragment:

    view = replay_view(frame_steps, key="replay_player")
    replay_player(recording, frames=those(view.need), step=..., texts=..., key="replay_player")
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from pages.components.widgets._assets import (
    as_mapping,
    check_picture,
    check_words,
    do_nothing,
    make_component,
    state_of,
)
from pages.components.widgets.live_plot import plotly_url

MAX_NEED = 12
CHART_PX = 230
WORDS = ("play", "pause", "moment", "speed", "alt", "picture", "keys", "happened", "since", "unavailable")

_component = make_component("replay_player", "live_plot", scripts=("plotly",))


class ReplayView(NamedTuple):
    """Where the browser stands.

    Attributes:
        step: the moment on show; None before it has told.
        need: the steps whose pictures it asks for.
    """

    step: int | None
    need: list[int]


@dataclass(frozen=True)
class Tick:
    """Something that happened: its step, its kind (see `replaying.Marker`), and the words for it."""

    step: int
    kind: str
    words: str
    detail: str = ""


@dataclass(frozen=True)
class Reading:
    """A number that changes as the recording plays: it stands above its chart, as the legend of its curve.

    Attributes:
        chart: key of the chart that its curve is in.
        label, color: the curve's.
        values: at each moment (value, the step that it was recorded at), or None.
    """

    chart: str
    label: str
    color: str
    values: Sequence[tuple[float, int] | None]


@dataclass(frozen=True)
class Recording:
    """What is played.

    Attributes:
        moments: steps, ascending; the places of the slider.
        counters: for each moment the words that say where it is.
        frame_steps: steps that have a picture, ascending.
        charts: (key, title, figure as JSON) of each chart; its x-axis is the step.
        readings, ticks: numbers, and what happened.
    """

    moments: Sequence[int]
    counters: Sequence[str]
    frame_steps: Sequence[int]
    charts: Sequence[tuple[str, str, str]]
    readings: Sequence[Reading]
    ticks: Sequence[Tick]


def read_view(frame_steps: Sequence[int], message: object) -> ReplayView:
    """A checked view out of what a browser sent: a whole step, and only steps that have a picture."""
    content = as_mapping(message)
    step, asked = content.get("step"), content.get("need")
    if isinstance(step, bool) or not isinstance(step, int) or not 0 <= step < 2**53:
        step = None
    there = set(frame_steps)
    wanted = asked if isinstance(asked, list) else []
    need = [one for one in wanted if isinstance(one, int) and not isinstance(one, bool) and one in there]
    return ReplayView(step, need[:MAX_NEED])


def replay_view(frame_steps: Sequence[int], *, key: str) -> ReplayView:
    """Where the player with this key stands, known before it is drawn in this rerun."""
    return read_view(frame_steps, state_of(key, "view"))


def replay_player(
    recording: Recording, *, frames: Mapping[int, str], step: int, texts: Mapping[str, str], key: str
) -> None:
    """The player. What it was sent before it keeps; it forgets all when its key changes.

    Args:
        frames: step -> data URL of its picture; some of them, the others are requested.
        step: where it begins.
        texts: the words of WORDS; `picture` and `since` have a place {n} for the step.

    Raises:
        ValueError: nothing to play, a missing word, or a picture that is not a data URL.
    """
    if not recording.moments:
        raise ValueError("A replay needs at least one recorded moment; got none.")
    check_words(texts, WORDS, "The replay player")
    data = {
        "key": key,
        "step": step,
        "moments": list(recording.moments),
        "counters": list(recording.counters),
        "frame_steps": list(recording.frame_steps),
        "frames": [[at, check_picture(url, "A picture of the recording")] for at, url in frames.items()],
        "charts": [{"key": name, "title": title, "figure": figure} for name, title, figure in recording.charts],
        "readout": [asdict(reading) for reading in recording.readings],
        "markers": [asdict(tick) for tick in recording.ticks],
        "plotly": plotly_url(),
        "height_px": CHART_PX,
        "texts": dict(texts),
    }
    _component(key=key, data=data, on_view_change=do_nothing)
