"""The 2-D lab's engine: a game is the run's own training, move by move; looking changes nothing; one process plays all games."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from helpers import eventually

from gan_core.config import RunConfig, get, with_changes
from gan_core.datasets import prepare
from gan_core.datasets.batches import Batches
from gan_core.evaluation.metrics.modes import captured
from gan_core.lab2d import protocol, worker
from gan_core.lab2d.camera import FARTHEST, SIDE, Camera, packed, unpacked
from gan_core.lab2d.engine import Engine, GameRecord
from gan_core.lab2d.game import Game
from gan_core.lab2d.stories import BASE, CARRIED, STORIES, check, game_of, same_game
from gan_core.lab2d.worker import GameServer
from gan_core.models.base import TrainingProgress
from gan_core.models.building import build
from gan_core.models.kinds import kind_of
from gan_core.presets import PRESETS
from gan_core.training import loop

QUICK = with_changes(
    BASE, {"network.width": 8, "training.batch_size": 16, "dataset.num_images": 64, "training.seed": 3}
)
RULES = {
    "plain": {},
    "clip": {"objective.name": "wasserstein", "objective.weight_clip": 0.01, "objective.n_critic": 3},
    "gradient penalty": {"objective.name": "wasserstein", "penalty.name": "gradient", "objective.n_critic": 2},
    "r1": {"penalty.name": "r1", "remedies.instance_noise": 0.1},
    "spectral norm": {"objective.name": "hinge", "network.spectral_norm": True},
    "packing": {"remedies.packing": 4},
    "relativistic": {"objective.name": "relativistic", "penalty.name": "r1_r2"},
    "relativistic packs": {"objective.name": "relativistic", "remedies.packing": 2},
    "least squares": {"objective.name": "least_squares", "generator_optimizer.name": "rmsprop"},
}


def quick(**changes: Any) -> RunConfig:
    return with_changes(QUICK, changes)


def bits(game_or_model: Any) -> dict[str, bytes]:
    """Everything that makes the next step what it is: networks, optimisers, random numbers."""
    model = getattr(game_or_model, "model", game_or_model)
    found = {f"{who}.{name}": tensor.detach().clone() for who, network in model.networks.items()
             for name, tensor in network.state_dict().items()}  # fmt: skip
    for who, optimizer in model.optimizers.items():
        for index, state in optimizer.state_dict()["state"].items():
            found |= {f"{who}.{index}.{k}": v.clone() for k, v in state.items() if isinstance(v, torch.Tensor)}
    found["rng"] = model.rng.get_state()
    return {name: tensor.numpy().tobytes() for name, tensor in found.items()}


def of(who: str, state: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in state.items() if name.startswith(who)}


@pytest.mark.parametrize("rules", RULES)
def test_both_moving_is_the_training_loop_bit_for_bit(rules: str) -> None:
    config = quick(**RULES[rules])
    game = Game(config)
    model = build(config, "cpu")
    fabric = loop.make_fabric(config)
    loop.set_up(fabric, model)
    batches = Batches(prepare(config.dataset).with_labels(()), config.training.batch_size, config.training.seed)
    for step in range(7):
        game.play("both")
        metrics = loop.train_step(
            fabric, model, *batches.batch(step), TrainingProgress(step, config.training.max_steps)
        )
        assert {name: float(value) for name, value in metrics.items() if name in game.metrics} == pytest.approx(
            {name: float(game.metrics[name]) for name in metrics if name in game.metrics}, abs=0
        )
    alone = build(config, "cpu")
    alone.networks = {name: network.module for name, network in model.networks.items()}  # type: ignore[misc]
    alone.optimizers = model.optimizers
    alone.rng = model.rng
    assert bits(game) == bits(alone)


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize(
    ("who", "mover", "other"), [("d", "discriminator", "generator"), ("g", "generator", "discriminator")]
)
def test_who_does_not_move_stays_the_same_to_the_last_bit(rules: str, who: str, mover: str, other: str) -> None:
    game = Game(quick(**RULES[rules]))
    for played in ("", "both"):  # a fresh discriminator's weights are not clipped yet
        if played:
            game.play(played)
        before = bits(game)
        game.play(who)
        after = bits(game)
        assert of(other, after) == of(other, before)
        assert of(mover, after) != of(mover, before)
    assert game.step == 3
    assert game.moves[mover] >= 2


def test_the_generator_moves_at_every_nth_step_and_when_asked_at_once() -> None:
    game = Game(quick(**{"objective.n_critic": 3}))
    for _ in range(6):
        game.play("both")
    assert game.moves == {"discriminator": 6, "generator": 2}
    game.play("g")
    assert game.moves == {"discriminator": 6, "generator": 3}


def test_a_step_can_be_seen_in_halves() -> None:
    game, whole = Game(QUICK), Game(QUICK)
    halves = game.half_moves("both")
    assert next(halves) == "discriminator"
    assert of("generator", bits(game)) == of("generator", bits(whole))
    assert of("discriminator", bits(game)) != of("discriminator", bits(whole))
    assert list(halves) == ["generator"]
    whole.play("both")
    assert bits(game) == bits(whole)


@pytest.mark.parametrize("rules", RULES)
def test_looking_leaves_no_trace(rules: str) -> None:
    watched, alone = Game(quick(**RULES[rules])), Game(quick(**RULES[rules]))
    camera = Camera(watched)
    for who in ("both", "d", "g", "both"):
        camera.frame()
        watched.play(who)
        alone.play(who)
    assert bits(watched) == bits(alone)
    assert all(
        parameter.grad is None for network in watched.model.networks.values() for parameter in network.parameters()
    )


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As in the lab's own process."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_the_story_that_converges_does() -> None:
    game = Game(STORIES["r1"].config)
    while not game.is_over:
        game.play("both")
    values = Camera(game).frame(intervals=False)["values"]
    assert values["captured"] == 8 and values["high_quality"] > 0.7


def test_the_same_seed_and_clicks_give_the_same_points() -> None:
    frames = []
    for _ in range(2):
        game = Game(quick(**RULES["packing"]))
        for who in ("d", "d", "g", "both", "g", "both"):
            game.play(who)
        frames.append(Camera(game).frame())
    assert frames[0] == frames[1]


def test_rules_change_while_the_weights_stay() -> None:
    game = Game(QUICK)
    game.play("both")
    before = bits(game)
    game.change(quick(**{"generator_optimizer.learning_rate": 0.01, "penalty.name": "r1", "objective.name": "hinge"}))
    assert bits(game) == before
    assert [group["lr"] for group in game.model.optimizers["generator"].param_groups] == [0.01]
    assert (game.model.penalty is not None, game.is_over) == (True, False)
    game.play("both")
    assert "loss/penalty" in game.metrics
    with pytest.raises(ValueError, match="Start a new one"):
        game.change(quick(**{"remedies.packing": 2}))


def test_divergence_is_a_sentence_and_spoils_no_weight() -> None:
    game = Game(QUICK)
    with torch.no_grad():
        game.model.networks["discriminator"].head.bias.fill_(float("nan"))  # type: ignore[union-attr, operator]
    with pytest.raises(
        ValueError, match=r"loss of the discriminator is not a finite number at step 1.*smaller learning rate"
    ):
        game.play("both")
    assert game.moves == {"discriminator": 0, "generator": 0}
    with pytest.raises(ValueError, match="no longer finite after 0 steps"):
        Camera(game).frame()


def test_points_of_ones_own_are_fitted_repeated_and_have_no_modes() -> None:
    drawn = np.array([[10.0, 0.0], [20.0, 0.0], [15.0, 5.0]], np.float32)
    game = Game(quick(**{"dataset.name": "points"}), drawn)
    assert len(game.data) == 18  # the first multiple of three that fills a batch of 16
    assert sorted({tuple(point) for point in game.data.images.tolist()}) == [(-4.0, -2.0), (0.0, 2.0), (4.0, -2.0)]
    game.play("both")
    frame = Camera(game).frame()
    assert "captured" not in frame["values"]
    assert frame["values"].keys() >= {"loss/d", "loss/g", "prob/real"}
    with pytest.raises(ValueError, match="no points to learn from"):
        Game(quick(**{"dataset.name": "points"}))


# what is seen


def linear_critic(camera: Camera, slope: tuple[float, float]) -> None:
    """Makes D(x) = slope . x, with which everything is known."""
    packing = camera.game.config.remedies.packing
    weight = torch.tensor([[*slope, *[0.0] * (2 * packing - 2)]])

    class Linear(torch.nn.Module):
        def forward(self, x: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, None]:
            return (x.reshape(len(x) // packing, -1) @ weight.T).flatten(), None

    camera.game.model.networks["discriminator"] = Linear()


@pytest.mark.parametrize("packing", [1, 2])
def test_the_landscape_has_its_high_side_where_d_has(packing: int) -> None:
    camera = Camera(Game(quick(**{"remedies.packing": packing})))
    linear_critic(camera, (0.0, 1.0))
    landscape = camera.landscape()
    assert landscape.shape == (SIDE, SIDE)
    assert torch.equal(landscape[:, 0], landscape[:, -1])
    assert landscape[0, 0] == pytest.approx(camera.reach * (1 - 1 / SIDE))  # the upper row is up
    assert landscape[-1, 0] == -landscape[0, 0]


def test_the_pull_is_minus_the_slope_of_gs_loss_at_each_point() -> None:
    camera = Camera(Game(quick(**{"objective.name": "wasserstein"})))
    linear_critic(camera, (0.5, -2.0))
    pull = camera.pull(torch.randn(10, 2, generator=torch.Generator().manual_seed(0)))
    assert torch.allclose(pull, torch.tensor([0.5, -2.0]).expand(10, -1))  # -mean D(x) falls along the slope
    bce = Camera(Game(QUICK))
    linear_critic(bce, (1.0, 0.0))
    assert bce.pull(torch.zeros(4, 2))[0].tolist() == pytest.approx([0.5, 0.0])  # sigmoid(-0) times the slope


def test_a_frame_measures_what_the_metrics_of_modes_measure() -> None:
    game = Game(QUICK)
    camera = Camera(game)
    points = game.model.sample(camera.z, torch.zeros(len(camera.z), 0)).numpy()
    assert game.mixture is not None
    wanted = captured(points, game.mixture.centres, game.mixture.spread)
    values = camera.frame()["values"]
    assert (values["captured"], values["modes"]) == (wanted.captured, 8)
    assert (values["high_quality"], values["reverse_kl"]) == (wanted.high_quality, wanted.reverse_kl)
    assert values["mode_tv/low"] <= values["mode_tv"] == wanted.mode_tv <= values["mode_tv/high"]
    assert values["reverse_kl/low"] <= values["reverse_kl"] <= values["reverse_kl/high"]
    assert "reverse_kl/low" not in camera.frame(intervals=False)["values"]


@pytest.mark.parametrize("data", ["ring8", "grid25"])
def test_before_the_first_step_all_points_lie_in_one_heap_near_the_middle(data: str) -> None:
    for seed in range(3):
        camera = Camera(Game(with_changes(STORIES["bce"].config, {"dataset.name": data, "training.seed": seed})))
        points = camera.game.model.sample(camera.z, torch.zeros(len(camera.z), 0))
        assert points.std(0).max() < 0.1 * camera.reach and points.norm(dim=1).max() < camera.reach / 2, seed


def test_a_frame_is_a_few_kilobytes_of_json() -> None:
    assert len(json.dumps(Camera(Game(QUICK)).frame())) < 10_000


def test_packed_points_come_back_but_for_rounding() -> None:
    points = np.array([[0.0, 1.0], [-2.5, 0.3], [99.0, -99.0]])
    there = unpacked(packed(points, 1.4), 1.4)
    assert there[:2] == pytest.approx(points[:2], abs=1e-4)
    assert there[2] == pytest.approx([FARTHEST * 1.4, -FARTHEST * 1.4])


# stories and twins


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("data", ["ring8", "grid25"])
def test_every_story_is_legal_on_every_data_set(name: str, data: str) -> None:
    check(with_changes(STORIES[name].config, {"dataset.name": data}))


@pytest.mark.parametrize("name", [name for name, p in PRESETS.items() if kind_of(p.config).has_discriminator])
def test_every_gan_preset_has_a_twin_with_its_rules(name: str) -> None:
    config = PRESETS[name].config
    twin = game_of(config, 2_800)
    assert {field: get(twin, field) for field in CARRIED} == {field: get(config, field) for field in CARRIED}
    assert (twin.network.name, twin.dataset.name, twin.training.max_steps) == ("mlp", "ring8", 2_800)


def test_what_plays_no_game_has_no_twin() -> None:
    with pytest.raises(ValueError, match="variational autoencoder"):
        game_of(PRESETS["r5-vae-lite"].config, 100)


def test_a_bound_set_twice_is_refused_with_its_reason() -> None:
    with pytest.raises(ValueError, match="each bound the critic's slope; use one"):
        check(quick(**{"objective.weight_clip": 0.1, "network.spectral_norm": True}))
    with pytest.raises(ValueError, match="needs one of ring8, grid25, points"):
        check(with_changes(QUICK, {"dataset.name": "mnist5k"}))


def test_what_begins_a_new_game() -> None:
    assert same_game(QUICK, quick(**{"objective.weight_clip": 0.1, "generator_optimizer.learning_rate": 0.5}))
    for change in (
        {"training.seed": 4},
        {"dataset.name": "grid25"},
        {"remedies.packing": 2},
        {"generator_optimizer.name": "sgd"},
    ):
        assert not same_game(QUICK, quick(**change))


# the hall: many games, one thread


class Listener:
    """What a hall told, by game."""

    def __init__(self) -> None:
        self.frames: dict[str, list[dict[str, Any]]] = {}
        self.refused: dict[str, str] = {}
        self.gone: list[str] = []

    def __call__(self, message: dict[str, Any]) -> None:
        game = message["game"]
        if "frame" in message:
            self.frames.setdefault(game, []).append(message["frame"])
        if "refused" in message:
            self.refused[game] = message["refused"]
        if "gone" in message:
            self.gone.append(game)


@pytest.fixture
def heard() -> Listener:
    return Listener()


def order(game: str, do: str, **others: Any) -> dict[str, Any]:
    return {"game": game, "do": do, **others}


def new(game: str, config: RunConfig = QUICK, points: Any = None) -> dict[str, Any]:
    return order(game, "new", revision=f"{game}-1", config=config.model_dump(mode="json"), points=points)


def test_a_hall_plays_pauses_steps_and_ends(heard: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FRAME_S", 60.0)  # time enough for every step of a frame, on any machine
    hall = GameServer(heard)
    hall.handle(new("a", with_changes(QUICK, {"training.max_steps": 12})))
    hall.handle(order("a", "step", who="d"))
    assert [frame["moves"] for frame in heard.frames["a"]][-1] == {"discriminator": 1, "generator": 0}
    assert [frame["ordered"] for frame in heard.frames["a"]] == [0, 1]  # by which a page knows that a step is shown
    hall.handle(order("a", "play", who="both", pace="5"))
    assert hall.wait_s() == 0.0
    while heard.frames["a"][-1]["said"] != "over":
        hall._sessions["a"].due = 0.0
        hall.advance()
    assert [frame["step"] for frame in heard.frames["a"]] == [0, 1, 6, 11, 12]
    assert [frame["playing"] for frame in heard.frames["a"]] == [False, False, True, True, False]
    hall.handle(order("a", "play", who="both", pace="5"))  # beyond the end
    hall.advance()
    hall.handle(order("a", "pause"))
    assert (heard.frames["a"][-1]["step"], heard.frames["a"][-1]["playing"]) == (17, False)


def test_slow_motion_shows_each_half_and_other_orders_finish_the_step(heard: Listener) -> None:
    hall = GameServer(heard)
    hall.handle(new("a"))
    hall.handle(order("a", "play", who="both", pace="slow"))
    for _ in range(3):
        hall._sessions["a"].due = 0.0
        hall.advance()
    assert [frame["moved"] for frame in heard.frames["a"]] == ["", "discriminator", "generator", "discriminator"]
    assert [frame["step"] for frame in heard.frames["a"]] == [0, 1, 1, 2]
    hall.handle(order("a", "pause"))
    last = heard.frames["a"][-1]
    assert (last["step"], last["moves"], last["moved"]) == (2, {"discriminator": 2, "generator": 2}, "")


def test_only_so_many_games_play_at_once_and_the_next_is_told_so(heard: Listener) -> None:
    hall = GameServer(heard)
    names = [f"game-{number}" for number in range(protocol.MAX_PLAYING + 1)]
    for name in names:
        hall.handle(new(name))
        hall.handle(order(name, "play", who="both", pace="1"))
    assert list(heard.refused) == [names[-1]]
    assert "as many as it lets play at once" in heard.refused[names[-1]]
    hall.handle(order(names[-1], "step", who="both"))
    assert heard.frames[names[-1]][-1]["step"] == 1


def test_a_game_that_nobody_watches_is_paused(heard: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    hall = GameServer(heard)
    hall.handle(new("a"))
    hall.handle(order("a", "play", who="both", pace="1"))
    monkeypatch.setattr(worker, "WATCHED_S", -1.0)
    hall.advance()
    assert (heard.frames["a"][-1]["playing"], heard.frames["a"][-1]["said"]) == (False, "unwatched")


def test_the_longest_unwatched_game_makes_room(heard: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MAX_GAMES", 2)
    hall = GameServer(heard)
    for name in ("a", "b"):
        hall.handle(new(name))
    hall._sessions["a"].watched += 1_000
    hall.handle(new("c"))
    assert heard.gone == ["b"]
    hall.handle(order("b", "step", who="d"))
    assert heard.gone == ["b", "b"]


def test_as_fast_as_it_can_ends_with_its_time(heard: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FRAME_S", -1.0)
    hall = GameServer(heard)
    hall.handle(new("a"))
    hall.handle(order("a", "play", who="both", pace="all"))
    hall.advance()
    assert heard.frames["a"][-1]["step"] == 1


def test_refusals_are_told_and_the_game_goes_on(heard: Listener) -> None:
    hall = GameServer(heard)
    hall.handle(new("a"))
    bad = quick(**{"remedies.packing": 2}).model_dump(mode="json")
    hall.handle(order("a", "change", config=bad))
    assert "Start a new one" in heard.refused["a"]
    hall.handle(order("a", "step", who="both"))
    assert heard.frames["a"][-1]["step"] == 1
    hall.handle(new("none", quick(**{"dataset.name": "points"})))
    assert "no points" in heard.refused["none"]
    hall.handle(order("none", "step", who="both"))
    assert heard.refused["none"] == "No game has begun yet."


# the process


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    running = Engine()
    yield running
    running.stop()


def steps(seen: GameRecord) -> int:
    return seen.frames[-1]["step"] if seen.frames else -1


def test_the_process_plays_what_was_ordered(engine: Engine) -> None:
    engine.begin("a", QUICK.model_dump(mode="json"), None)
    assert engine.wait("a", lambda seen: steps(seen) == 0, 60)
    assert engine.is_ready
    engine.order("a", do="play", who="both", pace="2")
    assert engine.wait("a", lambda seen: steps(seen) >= 6, 30)
    engine.order("a", do="pause")
    assert engine.wait("a", lambda seen: not seen.frames[-1]["playing"], 30)
    seen = engine.seen("a")
    assert seen.scene["revision"] == seen.frames[-1]["revision"]
    assert [frame["number"] for frame in seen.frames] == list(range(1, len(seen.frames) + 1))
    wanted = Game(QUICK)
    for _ in range(steps(seen)):
        wanted.play("both")
    frame = seen.frames[-1]
    assert {name: frame[name] for name in ("points", "landscape")} == {
        name: Camera(wanted).frame()[name] for name in ("points", "landscape")
    }


ECHO = """
import json, sys
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    print(json.dumps({"game": json.loads(line)["game"], "frame": {"step": 0, "number": 1}}), flush=True)
"""


def test_a_process_that_was_killed_is_noticed_and_started_again() -> None:
    engine = Engine(("-c", ECHO))  # the same pipes, without torch
    engine.begin("a", {}, None)
    assert engine.wait("a", lambda seen: steps(seen) == 0, 30)
    pid = engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: engine.pid is None, "its end to be noticed")
    assert not engine.knows("a")
    assert not engine.wait("a", lambda seen: steps(seen) > 0, 5)
    engine.begin("a", {}, None)
    assert engine.wait("a", lambda seen: steps(seen) == 0, 30)
    assert engine.pid not in (None, pid)
    engine.stop()
    assert engine.pid is None


GONE = ECHO.replace('"frame": {"step": 0, "number": 1}', '"gone": True')


def test_of_a_game_that_is_gone_nothing_is_kept() -> None:
    engine = Engine(("-c", GONE))
    for name in ("a", "b"):
        engine.begin(name, {}, None)
        eventually(lambda name=name: not engine.knows(name), "its end to be told")
    engine.order("c", do="pause")  # of an earlier server
    engine.begin("d", {}, None)
    eventually(lambda: not engine.knows("d"), "its end to be told")
    assert engine.seen("a").lost and engine._seen == {}
    engine.stop()


def test_the_process_ends_with_its_server() -> None:
    engine = Engine(("-c", ECHO))
    engine.warm_up()
    process = psutil.Process(engine.pid)
    engine.stop()
    assert not process.is_running()
