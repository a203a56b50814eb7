"""A run to the Hub and back, by the Hub's own client over HTTP: what arrives is what was sent, and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import psutil
import pytest
from helpers import eventually, outcome, tiny_run

import gan_core
from gan_core import hub as the_hub
from gan_core import runs
from gan_core.hub import Limits, Pull, Push
from gan_core.hub.transfer import TransferProgress
from gan_core.runs import Run, adoption, environment
from gan_core.runs.sampler import open_sampler
from gan_core.training import loop, supervisor
from tests.hub.server import READER, WRITER, Hub

REPO = "ada/digits"


def carry_out(order: the_hub.Order, token: str | None = None, **limits: float) -> TransferProgress:
    return the_hub.start(order, token=token, limits=Limits(**limits)).wait()


def done(order: the_hub.Order, token: str | None = None) -> dict:
    progress = carry_out(order, token)
    assert progress.state == "done", progress
    return dict(progress.result)


def sent(hub: Hub) -> dict[str, bytes]:
    return hub.repos[REPO].commits[-1][1]


def test_a_run_comes_back_with_the_same_pictures_and_curves(hub: Hub, trained: Run, runs_dir: Path) -> None:
    told = done(Push(str(trained.path), REPO), WRITER)
    assert (told["private"], told["step"], told["url"]) == (True, 20, f"{hub.url}/{REPO}")
    assert told["revision"] == hub.repos[REPO].commits[-1][0]
    pushed = trained.events()[-1]
    assert (pushed["type"], pushed["repo"], pushed["revision"]) == ("pushed", REPO, told["revision"])
    fetched = done(Pull(REPO), READER)
    run = Run(Path(fetched["run"]))
    assert run.path.parent == runs_dir and run.id.startswith("digits-") and run.name == "My digits"
    assert adoption.origin(run) == adoption.Origin(REPO, told["revision"], weights_only=True)
    assert (open_sampler(run).draw(3, 7) == open_sampler(trained).draw(3, 7)).all()
    assert run.metrics_path.read_text() == trained.metrics_path.read_text()
    assert run.config() == trained.config()
    assert environment.sessions(run) == environment.sessions(trained) != []
    assert [e["type"] for e in run.events()] == [e["type"] for e in trained.events()][:-1]
    assert (run.sample_steps(), run.checkpoint_steps()) == ([20], [20])
    assert [entry.name for entry in (runs_dir / ".hub").iterdir()] == []
    large = [seen for seen in hub.seen if seen[2].startswith(("/cdn/", "/lfs/"))]
    assert large and all(host.startswith("localhost") and not who for host, _m, _path, who in large)


def test_what_names_this_machine_or_its_user_stays_here(hub: Hub, runs_dir: Path, tmp_path: Path) -> None:
    run = tiny_run(runs_dir, "Private things", recording__sample_every_steps=10)
    config = json.loads((run.path / "config.json").read_text())
    config["dataset"]["root"] = "/home/somebody/pictures"
    (run.path / "config.json").write_text(json.dumps(config))
    loop.train(run)
    run.describe(note="my secret note")
    run.add_event("skipped_pictures", 0, files=["/home/somebody/pictures/a.png"])
    done(Push(str(run.path), REPO), WRITER)
    everything = b"\n".join(
        content for name, content in sent(hub).items() if not name.endswith((".safetensors", ".png"))
    )
    for word in (b"somebody", b"secret", run.status().owner.encode(), str(tmp_path).encode()):
        assert word and word not in everything
    assert sorted(n for n in sent(hub) if "samples" in n) == ["samples/step-00000020.png"]
    done(Push(str(run.path), REPO, note=True, grids=True), WRITER)
    assert b"my secret note" in sent(hub)["README.md"]
    assert len([n for n in sent(hub) if "samples" in n]) == len(run.sample_steps())


def test_a_run_that_comes_with_its_optimisers_goes_on_to_the_last_bit(hub: Hub, trained: Run, runs_dir: Path) -> None:
    done(Push(str(trained.path), REPO, step=10, optimizer=True), WRITER)
    run = Run(Path(done(Pull(REPO), WRITER)["run"]))
    status = run.status()
    assert (status.state, status.step, status.total_steps) == ("stopped", 10, 20)
    assert len(run.metrics_path.read_text().splitlines()) == 10
    assert supervisor.queue.queued_ids(runs_dir) == []
    assert loop.train(run).state == "finished"
    assert outcome(run) == outcome(trained)


def test_weights_alone_are_never_offered_for_training(hub: Hub, trained: Run, runs_dir: Path) -> None:
    done(Push(str(trained.path), REPO, step=10), WRITER)
    run = Run(Path(done(Pull(REPO), WRITER)["run"]))
    status = run.status()
    assert (status.state, status.step, status.total_steps) == ("finished", 10, 20)
    supervisor._recover_runs(runs_dir)
    assert supervisor.queue.queued_ids(runs_dir) == [] and run.status().state == "finished"


def test_a_newer_upload_replaces_the_older_and_both_can_be_fetched(hub: Hub, trained: Run) -> None:
    first = done(Push(str(trained.path), REPO, step=10), WRITER)
    hub.add(REPO, sent(hub) | {"notes.txt": b"mine"})
    second = done(Push(str(trained.path), REPO), WRITER)
    assert {n for n in sent(hub) if n.startswith(("checkpoints", "samples"))} == {
        *(f"checkpoints/step-00000020/{n}" for n in ("model.safetensors", "ema.safetensors", "state.json")),
        "samples/step-00000020.png",
    }
    assert sent(hub)["notes.txt"] == b"mine"
    old = done(Pull(REPO, first["revision"][:10]), WRITER)
    assert (old["step"], old["revision"]) == (10, first["revision"])
    assert first["revision"] != second["revision"]


def test_a_shipped_run_can_be_sent_and_is_not_written_to(
    hub: Hub, trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANVAS_PRETRAINED_DIR", str(trained.path.parent))
    monkeypatch.setenv("GANVAS_RUNS_DIR", str(tmp_path / "others"))
    before = {p: p.stat().st_mtime_ns for p in trained.path.rglob("*")}
    done(Push(str(trained.path), REPO, private=False), WRITER)
    assert {p: p.stat().st_mtime_ns for p in trained.path.rglob("*")} == before


def test_load_gives_a_model_that_draws(hub: Hub, trained: Run, capfd: pytest.CaptureFixture[str]) -> None:
    told = done(Push(str(trained.path), REPO, private=False), WRITER)
    model = gan_core.load(REPO)
    here = gan_core.load(trained.path)
    assert (model.revision, here.revision, model.step) == (told["revision"], "", 20)
    assert (model.sample(3, seed=5) == here.sample(3, seed=5)).all()
    assert model.sample(2, seed=1).shape == (2, 1, 8, 8)
    fetched = hub.asked("/cdn/")
    assert gan_core.load(REPO, revision=told["revision"]).revision == told["revision"]
    assert hub.asked("/cdn/") == fetched, "the same commit is fetched once"
    with pytest.raises(ValueError, match="count must lie between 1 and"):
        model.sample(0)
    with pytest.raises(ValueError, match="labels must be 2 rows of 0 numbers"):
        model.sample(2, labels=[[1], [0]])


def test_the_token_is_in_no_file_no_argument_and_no_word(
    hub: Hub, trained: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hub.fault = lambda method, path: "silent" if "create" in path else ""
    transfer = the_hub.start(Push(str(trained.path), REPO), token=WRITER)
    eventually(lambda: hub.asked("create"), "the Hub was asked")
    children = psutil.Process().children(recursive=True)
    arguments = [" ".join(child.cmdline()) for child in children]
    assert any("gan_core.hub.worker" in line for line in arguments)
    assert not any(WRITER in line for line in arguments)
    written = [p for p in tmp_path.rglob("*") if p.is_file() and WRITER.encode() in p.read_bytes()]
    transfer.cancel()
    assert transfer.wait().state == "cancelled"
    hub.fault = lambda method, path: "garble" if "create" in path else ""  # an answer that makes the client stumble
    stumbled = carry_out(Push(str(trained.path), REPO), WRITER)
    hub.fault = lambda method, path: ""
    done(Push(str(trained.path), REPO), WRITER)
    written += [p for p in tmp_path.rglob("*") if p.is_file() and WRITER.encode() in p.read_bytes()]
    assert written == [] and stumbled.state == "failed"
    assert WRITER not in "".join(capfd.readouterr()) + stumbled.error + repr(vars(transfer))


def test_a_cancelled_transfer_leaves_nothing_and_no_process(hub: Hub, trained: Run, runs_dir: Path) -> None:
    done(Push(str(trained.path), REPO), WRITER)
    hub.fault = lambda method, path: "mute" if path.startswith("/cdn/") else ""
    before = {run.id for run in runs.list_runs(runs_dir)}
    transfer = the_hub.start(Pull(REPO), token=WRITER)
    eventually(lambda: hub.asked("/cdn/"), "weights are on their way")
    transfer.cancel()
    assert transfer.wait().state == "cancelled"
    assert {run.id for run in runs.list_runs(runs_dir)} == before
    assert list((runs_dir / ".hub").iterdir()) == []
    workers = [c for c in psutil.Process().children(recursive=True) if "gan_core.hub.worker" in " ".join(c.cmdline())]
    assert workers == []


def test_what_a_crashed_server_left_is_swept(hub: Hub, runs_dir: Path) -> None:
    left = runs_dir / ".hub" / "0123456789ab"
    (left / "run").mkdir(parents=True)
    left.with_suffix(".lock").touch()
    carry_out(the_hub.WhoAmI(), WRITER)
    assert os.listdir(runs_dir / ".hub") == []
