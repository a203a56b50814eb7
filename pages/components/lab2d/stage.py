"""Where a game in the plane is seen and played: one component that draws its frames, evenly, and sends what was pressed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gan_core.lab2d.protocol import MOVERS, NUM_SHOWN, PACES
from pages.components.lab2d.words import TEXTS
from pages.components.widgets._assets import as_mapping, do_nothing, make_component, state_of

MAX_ACTIONS = 20
MAX_NUMBER = 2**53  # what a browser counts exactly

_component = make_component("twin_stage", scripts=("twin_draw",))


@dataclass(frozen=True)
class Action:
    """A button or knob that was used.

    Attributes:
        number: grows with each one, also over a reload of the page.
        what: play, pause, step, rates or reset.
        who, pace: of play and step.
        rates: new learning rates, network -> rate.
    """

    number: int
    what: str
    who: str = "both"
    pace: str = "1"
    rates: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Request:
    """What the browser requests: frames after the one it has, and actions.

    Attributes:
        turn: number of this request; echoed with the answer.
        revision, number: of the newest frame that it has.
        actions: not yet known to be done, the oldest of them first.
    """

    turn: int = 0
    revision: str = ""
    number: int = 0
    actions: tuple[Action, ...] = ()


def read_request(message: object) -> Request:
    """A checked request out of what a browser sent; invalid parts are left out."""
    content = as_mapping(message)
    actions = content.get("actions")
    read = [_action(action) for action in (actions if isinstance(actions, list) else [])[:MAX_ACTIONS]]
    revision = content.get("revision")
    return Request(
        _count(content.get("turn")),
        revision if isinstance(revision, str) else "",
        _count(content.get("number")),
        tuple(action for action in read if action is not None),
    )


def newest_request(key: str) -> Request:
    """The newest request of the stage with this key, known before it is drawn in this rerun."""
    return read_request(state_of(key, "ask"))


def stage(
    ask: Request,
    *,
    scene: Mapping[str, Any],
    frames: list[dict[str, Any]],
    done: int,
    rates: Mapping[str, float],
    autoplay: int,
    behind: bool,
    notice: str,
    key: str,
) -> None:
    """Draws the stage.

    Args:
        scene, frames: see `gan_core.lab2d.camera`; each frame with a `sentence`. No scene: the process is starting.
        done: number of the last action that was done.
        rates: learning rates now, network -> rate.
        autoplay: another number than before begins to play (unless the visitor's system asks for reduced motion).
        behind: whether a step was made that no frame shows yet, so that the browser asks once more.
        notice: a sentence about what could not be done.
    """
    data = {
        "turn": ask.turn, "scene": dict(scene), "frames": frames, "done": done, "rates": dict(rates), "autoplay": autoplay, "behind": behind,
        "notice": notice, "paces": list(PACES), "texts": dict(TEXTS), "num_shown": NUM_SHOWN, "key": key,
    }  # fmt: skip
    _component(key=key, data=data, on_ask_change=do_nothing)


def _action(sent: object) -> Action | None:
    if not isinstance(sent, Mapping):
        return None
    number, what, who, pace = (sent.get(name) for name in ("number", "what", "who", "pace"))
    known = what in ("play", "pause", "step", "rates", "reset")
    if not known or not _count(number) or who not in (None, *MOVERS) or pace not in (None, *PACES):
        return None
    rates = sent.get("rates")
    chosen = [
        (name, float(value))
        for name, value in (rates.items() if isinstance(rates, Mapping) else ())
        if name in ("generator", "discriminator") and isinstance(value, int | float) and 0 < value <= 1
    ]
    return Action(_count(number), str(what), who or "both", pace or "1", tuple(chosen))


def _count(value: object) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 < value < MAX_NUMBER
    return int(value) if whole and isinstance(value, int) else 0
