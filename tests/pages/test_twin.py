"""2-D lab: which game is begun, what changes it, what is refused, and what the stage's buttons order."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import pytest
from helpers import tiny_run
from streamlit.testing.v1 import AppTest

from gan_core.config import parse_config
from gan_core.datasets import uploads
from gan_core.lab2d import engine as engine_module
from gan_core.lab2d.engine import Engine, GameRecord
from gan_core.lab2d.stories import STORIES
from gan_core.runs import Run
from gan_core.training import loop
from pages.components.lab2d import play
from pages.components.lab2d.stage import Action, Request, read_request
from pages.components.lab2d.words import sentence
from tests.pages.conftest import Visit, calm, labels, words

GONE = "This session was closed"


class Listed(Engine):
    """An engine without a process behind it: it writes down what is ordered, and answers at once."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: list[dict[str, Any]] = []
        self.there = False

    def warm_up(self) -> None:
        pass

    def order(self, game: str, **order: Any) -> None:
        self.orders.append(order)
        self.there = self.there or order["do"] == "new"

    def knows(self, game: str) -> bool:
        return self.there

    def all(self, *kinds: str) -> list[dict[str, Any]]:
        return [order for order in self.orders if order["do"] in kinds]


@pytest.fixture(autouse=True)
def games(monkeypatch: pytest.MonkeyPatch) -> Listed:
    listed = Listed()
    monkeypatch.setattr(engine_module, "_engine", listed)
    return listed


def begun(games: Listed) -> list[Any]:
    """The configurations of the games that were begun."""
    return [parse_config(order["config"]) for order in games.all("new")]


def test_the_first_visit_begins_a_story_that_converges_and_does_not_play(visit: Visit, games: Listed) -> None:
    app = visit("learn", tab="lab")
    assert "sends random points of the plane" in words(app)
    assert STORIES["r1"].lesson in words(app)
    assert begun(games) == [STORIES["r1"].config]
    assert games.all("play", "step") == []
    assert "Twin of a run" not in labels(app)


@pytest.mark.parametrize("name", STORIES)
def test_a_story_is_one_click(visit: Visit, games: Listed, name: str) -> None:
    app = visit("learn", tab="lab")
    calm(app.button(key=f"twin_story_{name}").click().run())
    assert STORIES[name].lesson in words(app)
    assert begun(games)[-1] == STORIES[name].config
    assert app.session_state["twin_autoplay"] == 1


def test_a_rule_changes_the_game_that_goes_on_and_packing_begins_another(visit: Visit, games: Listed) -> None:
    app = visit("learn", tab="lab")
    calm(rule(app, "selectbox", "penalty.name").set_value("none").run())  # it does not go with packing
    calm(rule(app, "selectbox", "objective.name").set_value("least_squares").run())
    assert [order["config"]["objective"]["name"] for order in games.all("change")] == ["bce", "least_squares"]
    assert len(begun(games)) == 1
    calm(rule(app, "number_input", "remedies.packing").set_value(4).run())
    assert [config.remedies.packing for config in begun(games)] == [1, 4]
    assert begun(games)[-1].objective.name == "least_squares"


def rule(app: AppTest, kind: str, name: str) -> Any:
    return getattr(app, kind)(key=f"twin_{app.session_state['twin_turn']}_{name}")


def test_what_does_not_fit_is_said_and_the_game_goes_on(visit: Visit, games: Listed) -> None:
    app = visit("learn", tab="lab")
    calm(rule(app, "number_input", "remedies.packing").set_value(2).run())
    before = len(games.all("new", "change"))
    calm(rule(app, "selectbox", "penalty.name").set_value("r1").run())
    (error,) = app.error
    assert "A penalty is per image, and with packing the discriminator sees 2" in error.value.replace("\\", "")
    assert "Training above continues" in words(app)
    assert len(games.all("new", "change")) == before
    calm(rule(app, "text_input", "penalty.weight").set_value("many").run())
    assert "penalty.weight" in app.error[0].value.replace("\\", "")


def test_the_twin_of_a_run_has_its_rules(visit: Visit, games: Listed, trained: Run) -> None:
    app = visit("learn", tab="lab", run=trained.id)
    (config,) = begun(games)
    assert (config.training.batch_size, config.training.max_steps, config.network.name) == (16, 20, "mlp")
    assert config.generator_optimizer == trained.config().generator_optimizer
    assert "The twin of" in words(app)
    assert "batch of 16 and 20 steps" in words(app)


def test_a_run_without_a_game_is_a_sentence(visit: Visit, games: Listed, runs_dir: Path) -> None:
    vae = tiny_run(runs_dir, network__name="vae", training__ema_decay=0.0)
    assert f"There is no GAN “{vae.id}” here." in words(visit("learn", tab="lab", run=vae.id))
    app = visit("learn", tab="lab", run="[click](http://evil.example)")
    assert "](" not in app.error[0].value
    assert begun(games)[-1] == STORIES["r1"].config


def test_links_open_a_story_or_another_run_and_the_menu_leaves_what_is_there(
    visit: Visit, games: Listed, trained: Run, runs_dir: Path
) -> None:
    app = visit("learn", tab="lab", story="r1")
    assert begun(games)[-1] == STORIES["r1"].config
    assert app.session_state["twin_autoplay"] == 0
    del app.query_params["story"]
    app.query_params["run"] = trained.id
    calm(app.run())
    assert begun(games)[-1].training.batch_size == 16
    del app.query_params["run"]
    calm(app.run())
    assert "The twin of" in words(app)
    assert len(begun(games)) == 2
    assert "There is no GAN" not in words(visit("learn", tab="lab", story="no such"))


def test_a_run_that_never_trained_has_a_twin_with_the_steps_it_would_make(
    visit: Visit, games: Listed, runs_dir: Path
) -> None:
    run = tiny_run(runs_dir)
    app = visit("learn", tab="lab")
    app.selectbox(key="twin_run").set_value(run.id)
    calm(app.button(key="twin_run_go").click().run())
    assert begun(games)[-1].training.max_steps == 20
    assert run.id in app.query_params["run"]


def test_points_of_ones_own(visit: Visit, games: Listed) -> None:
    app = visit("learn", tab="lab")
    calm(app.segmented_control(key="twin_data").set_value("points").run())
    assert "Draw at least 10 points" in words(app)
    assert app.button(key="twin_canvas_go").disabled
    assert len(begun(games)) == 1  # the ring's: nothing new yet
    uploads.add_points([[x / 10, 1.0] for x in range(12)], "A line")
    calm(app.run())
    kept = app.selectbox(key="twin_points")
    assert kept.options == ["Drawn here", "A line"]
    calm(kept.set_value(uploads.list_own()[0].id).run())
    assert begun(games)[-1].dataset.name == "points"
    sent = games.all("new")[-1]["points"]
    assert len(sent) == 12
    assert sent[3] == pytest.approx((0.3, 1.0))


def test_what_is_pressed_is_ordered_once(visit: Visit, games: Listed, monkeypatch: pytest.MonkeyPatch) -> None:
    app = visit("learn", tab="lab")
    actions = (
        Action(11, "step", "d"),
        Action(12, "rates", rates=(("generator", 0.05),)),
        Action(13, "play", "g", "slow"),
        Action(14, "pause"),
        Action(15, "reset"),
    )
    monkeypatch.setattr(play, "newest_request", lambda key: Request(1, "", 0, actions))
    for _ in range(2):
        calm(app.run())
    assert games.all("step", "play", "pause") == [
        {"do": "step", "who": "d"}, {"do": "play", "who": "g", "pace": "slow"}, {"do": "pause"},
    ]  # fmt: skip
    assert [order["config"]["generator_optimizer"]["learning_rate"] for order in games.all("change")] == [0.05]
    first, again = begun(games)
    assert (first.generator_optimizer.learning_rate, again.generator_optimizer.learning_rate) == (
        STORIES["r1"].config.generator_optimizer.learning_rate,
        0.05,
    )
    assert again.training.seed == first.training.seed
    assert app.session_state["twin_done"] == 15


def test_a_lost_game_begins_again(visit: Visit, games: Listed, monkeypatch: pytest.MonkeyPatch) -> None:
    notices: list[str] = []
    real = play.stage

    def listen(ask: Request, **shown: Any) -> None:
        notices.append(shown["notice"])
        real(ask, **shown)

    monkeypatch.setattr(play, "stage", listen)
    app = visit("learn", tab="lab")
    games.there = False
    calm(app.run())
    calm(app.run())
    assert [notice.startswith(GONE) for notice in notices] == [False, True, False]
    assert len(begun(games)) == 2


# what passes between the browser and Python


@pytest.mark.parametrize(
    "message",
    [None, 3, [], {"actions": 5}, {"actions": [None, {}, {"what": "play"}, {"number": 1, "what": "erase"}]},
     {"turn": -1, "number": "9", "revision": 5, "actions": [{"number": 1, "what": "play", "pace": "warp"}]},
     {"actions": [{"number": True, "what": "pause"}, {"number": 2**60, "what": "pause"}, {"number": 1, "what": "step", "who": "x"}]}],
)  # fmt: skip
def test_senseless_asks_ask_for_nothing(message: object) -> None:
    assert read_request(message) == Request()


def test_an_ask_is_read_and_bounded() -> None:
    sent = {"turn": 3, "revision": "a-1", "number": 7, "actions": [
        {"number": 5, "what": "step", "who": "g"},
        {"number": 6, "what": "rates", "rates": {"generator": 0.1, "discriminator": 7, "other": 0.1}},
        *({"number": number, "what": "pause"} for number in range(7, 60)),
    ]}  # fmt: skip
    ask = read_request(sent)
    assert (ask.turn, ask.revision, ask.number, len(ask.actions)) == (3, "a-1", 7, 20)
    assert ask.actions[:2] == (Action(5, "step", "g"), Action(6, "rates", rates=(("generator", 0.1),)))


def test_only_new_frames_are_sent_and_at_most_the_newest() -> None:
    seen = GameRecord(scene={"revision": "a-2"})
    seen.frames.extend(
        {"number": number, "step": 0, "values": {}, "outside": 0.0, "said": ""} for number in range(1, 31)
    )

    def sent(ask: Request) -> list[int]:
        return [frame["number"] for frame in play.frames_for(ask, seen)]

    assert sent(Request(1, "a-2", 27)) == [28, 29, 30]
    assert sent(Request(1, "a-1", 27)) == list(itertools.islice(range(11, 31), 20))  # another game: all are new
    assert sent(Request(1, "a-2", 30)) == []


@pytest.mark.parametrize(
    ("captured", "high_quality", "modes_hit", "expected"),
    [
        (1, 0.9, 1, "spread as if there were 1.0 modes, not 8"),
        (8, 0.95, 8, "All 8 modes, and 95% of the points on them"),
        (8, 0.3, 8, "All 8 modes are reached, but only 30% of the points lie on a mode"),
        (6, 0.5, 6, "6 of 8 modes are reached, and 50% of the points lie on a mode"),
    ],
)
def test_the_sentence_says_what_the_numbers_say(
    captured: int, high_quality: float, modes_hit: int, expected: str
) -> None:
    values = {"captured": captured, "modes": 8, "high_quality": high_quality, "reverse_kl": math.log(8 / modes_hit)}
    assert expected in sentence(values, step=10)


def test_the_sentence_first_says_that_most_points_lie_outside_the_picture() -> None:
    apart = {"captured": 1, "modes": 8, "high_quality": 0.02, "reverse_kl": math.log(8)}
    assert sentence(apart, step=10, outside=0.97).startswith("Most points, 97%, lie outside the picture. 1 of 8 modes")
    assert "lie together" in sentence(apart, step=10, outside=0.5)
    assert sentence({"loss/d": 1.0}, step=5, outside=0.6).startswith("Most points, 60%,")


def test_the_picture_tells_how_many_points_lie_outside() -> None:
    frame = {"number": 1, "step": 9, "values": {"loss/d": 1.0}, "outside": 0.75, "said": ""}
    seen = GameRecord(scene={"revision": "a-2"})
    seen.frames.append(frame)
    (sent,) = play.frames_for(Request(1, "a-2", 0), seen)
    assert "75%, lie outside" in sent["sentence"]


def test_the_sentence_when_nothing_can_be_counted() -> None:
    assert "Nothing is learned yet" in sentence({"captured": 0, "modes": 8}, step=0)
    assert "no known modes" in sentence({"loss/d": 1.0}, step=5)
    assert sentence({"loss/d": 1.0}, step=5, said="unwatched").startswith("Paused, because nobody was looking")


def test_points_flow_in_both_directions(visit: Visit, runs_dir: Path) -> None:
    steps = {"diffusion__sampling_steps": 4, "diffusion__preview_steps": 2}
    run = tiny_run(runs_dir, "A ring", dataset__name="ring8", network__name="mlp_time", **steps)
    assert loop.train(run).state == "finished"
    app = visit("run", run=run.id, tab="explore")
    for way in ("data", "noise"):
        calm(app.segmented_control(key="twin_flow_way").set_value(way).run())
        assert "twin_flow" in [getattr(e, "key", "") for e in app.main]
        assert "in 4 steps" in words(app) and not app.error


@pytest.mark.parametrize(
    ("link", "kept", "english"),
    [
        ({"story": "bce"}, "twin_lesson", STORIES["bce"].lesson),
        ({"run": "gone"}, "twin_trouble", "There is no GAN “{id}” here."),
    ],
)
def test_words_of_the_game_are_kept_untranslated(
    visit: Visit, games: Listed, link: dict[str, str], kept: str, english: str
) -> None:
    app = visit("learn", tab="lab", lang="zh_TW", **link)
    assert app.session_state[kept][0] == english
    assert english.format(id="gone") not in words(app)


def test_the_chosen_story_stays_while_other_pages_and_tabs_are_visited(visit: Visit, games: Listed) -> None:
    app = visit("learn", tab="lab")
    calm(app.button(key="twin_story_wgan").click().run())
    calm(rule(app, "number_input", "training.seed").set_value(7).run())
    calm(app.segmented_control(key="learn_tab").set_value("break").run())
    calm(app.segmented_control(key="learn_tab").set_value("lab").run())
    assert app.session_state["twin_story"] == "wgan" and STORIES["wgan"].lesson in words(app)
    assert rule(app, "number_input", "training.seed").value == 7
    calm(app.switch_page("pages/home.py").run())
    app.switch_page("pages/learn.py")
    app.query_params["tab"] = "lab"
    calm(app.run())
    assert app.session_state["twin_story"] == "wgan" and STORIES["wgan"].lesson in words(app)
    assert rule(app, "number_input", "training.seed").value == 7
    assert app.query_params["story"] == "wgan"  # so that the address can be passed on
    assert len(begun(games)) == 3  # r1, wgan, its other seed: no return begins another


def test_the_story_is_begun_anew_by_a_link_to_another(visit: Visit, games: Listed) -> None:
    app = visit("learn", tab="lab", story="wgan")
    calm(app.switch_page("pages/home.py").run())
    app.switch_page("pages/learn.py")
    app.query_params["tab"], app.query_params["story"] = "lab", "bce"
    assert STORIES["bce"].lesson in words(calm(app.run()))
