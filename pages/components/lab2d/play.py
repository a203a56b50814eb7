"""The stage of the 2-D lab, joined to the process that plays: orders out, frames in, for one visitor."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from gan_core.config import RunConfig, with_changes
from gan_core.lab2d.engine import Engine, GameRecord, engine
from gan_core.lab2d.stories import same_game
from pages.components.lab2d.stage import Action, Request, newest_request, stage
from pages.components.lab2d.words import sentence
from pages.components.text import _

KEY = "twin_stage"
ANSWER_S = 1.5  # a game begins, or a step is made
NEXT_FRAME_S = 0.2
SENT_FRAMES = 20

Points = Sequence[tuple[float, float]]


@st.fragment
def play(config: RunConfig, points: Points | None) -> None:
    """The stage, which requests frames while the game plays; `points` are the data of the data set "points"."""
    ask = newest_request(KEY)
    games = engine()
    session = st.session_state
    game = session.setdefault("twin_game", secrets.token_hex(6))
    rates = session.setdefault("twin_rates", rates_of(config))
    before = newest_number(games.seen(game))
    notice = ensure_game(games, game, with_rates(config, rates), points)
    for action in [action for action in ask.actions if action.number > session.get("twin_done", 0)]:
        session["twin_done"] = action.number
        session["twin_refused"] = games.seen(game).refusals
        carry_out(games, game, action, config, points)
    games.order(game, do="watch")
    if games.is_ready:
        refused = session.setdefault("twin_refused", 0)
        known = ask.number if not ask.actions else max(before, ask.number)
        games.wait(
            game,
            lambda seen: (newest_number(seen) > known and not is_behind(seen)) or seen.refusals > refused,
            ANSWER_S if ask.actions else NEXT_FRAME_S,
        )
    seen = games.seen(game)
    stage(
        ask,
        scene=seen.scene,
        frames=frames_for(ask, seen),
        done=session.get("twin_done", 0),
        rates=session["twin_rates"],
        autoplay=session.get("twin_autoplay", 0),
        behind=is_behind(seen),
        notice=_(seen.refusal) if seen.refusals > session.get("twin_refused", 0) else notice,
        key=KEY,
    )


def ensure_game(games: Engine, game: str, config: RunConfig, points: Points | None) -> str:
    """Begins this game in the process, or changes the rules of the running one; a sentence if the running one was lost."""
    session = st.session_state
    begun: tuple[RunConfig, Points | None] | None = session.get("twin_begun")
    there = games.knows(game)
    notice = ""
    if begun is not None and not there:
        notice = _("This session was closed: its process ended, or to free memory for others. It starts again.")
    if begun is None or not there or begun[1] != points or not same_game(begun[0], config):
        session["twin_refused"] = session["twin_ordered"] = 0
        games.begin(game, config.model_dump(mode="json"), None if points is None else list(points))
    elif begun[0] != config:
        games.order(game, do="change", config=config.model_dump(mode="json"))
    session["twin_begun"] = (config, points)
    return notice


def carry_out(games: Engine, game: str, action: Action, config: RunConfig, points: Points | None) -> None:
    """Carries out an action of the browser."""
    session = st.session_state
    match action.what:
        case "play":
            games.order(game, do="play", who=action.who, pace=action.pace)
        case "step":
            session["twin_ordered"] += 1
            games.order(game, do="step", who=action.who)
        case "pause":
            games.order(game, do="pause")
        case "rates":
            session["twin_rates"] = {**session["twin_rates"], **dict(action.rates)}
            ensure_game(games, game, with_rates(config, session["twin_rates"]), points)
        case "reset":
            session["twin_begun"] = None
            ensure_game(games, game, with_rates(config, session["twin_rates"]), points)


def frames_for(ask: Request, seen: GameRecord) -> list[dict[str, Any]]:
    """The frames that the browser does not have yet, at most the newest SENT_FRAMES, each with its sentence."""
    known = ask.number if ask.revision == seen.scene.get("revision") else 0
    fresh = [frame for frame in list(seen.frames) if frame["number"] > known][-SENT_FRAMES:]
    return [
        {
            **frame,
            "sentence": sentence(frame["values"], step=frame["step"], outside=frame["outside"], said=frame["said"]),
        }
        for frame in fresh
    ]


def newest_number(seen: GameRecord) -> int:
    """Of the newest frame; 0 before there is one."""
    return int(seen.frames[-1]["number"]) if seen.frames else 0


def is_behind(seen: GameRecord) -> bool:
    """Whether a step was asked for that no frame shows yet, and none was refused since."""
    session = st.session_state
    shown = seen.frames[-1]["ordered"] if seen.frames else 0
    return bool(shown < session["twin_ordered"] and seen.refusals <= session.get("twin_refused", 0))


def rates_of(config: RunConfig) -> dict[str, float]:
    """Network -> learning rate."""
    return {
        "generator": config.generator_optimizer.learning_rate,
        "discriminator": config.discriminator_optimizer.learning_rate,
    }


def with_rates(config: RunConfig, rates: Mapping[str, float]) -> RunConfig:
    """The same with these learning rates."""
    return with_changes(config, {f"{name}_optimizer.learning_rate": rate for name, rate in rates.items()})
