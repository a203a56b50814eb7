"""Everything that can go wrong with the Hub: a sentence each, of its own, within our deadline, and nothing left behind."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from pathlib import Path

import pytest

from gan_core import hub as the_hub
from gan_core import runs
from gan_core.hub import Limits, Pull, Push, WhoAmI
from gan_core.runs import Run
from tests.hub.server import READER, WRITER, Hub

REPO = "ada/digits"
SMALL = {"config.json": b"{}", "manifest.json": b"{}", "checkpoints/step-00000001/model.safetensors": b"12345678"}
SENTENCES = {
    "wrong token": r"does not accept the token \(401\)",
    "no token": r"asks who you are \(401\)",
    "no right to write": r"may not write to 'ada/digits' \(403\)",
    "no right to read": r"may not read 'ada/digits' \(403\)",
    "no repository": r"no repository 'ada/nothing' on the Hub \(404\), or the token may not see it",
    "private": r"no repository 'ada/digits' on the Hub \(404\), or it is private and needs a token",
    "no revision": r"has no revision 'deadbeef'",
    "too many requests": r"too many requests from here \(429\)\. Wait 90 s",
    "fault": r"fault of its own \(500\)",
    "silence": r"has not answered for 5 s",
    "too long": r"took longer than 4 s in all",
    "cut": r"connection to the Hub was cut",
    "garbage": r"config\.json arrived with another content than the Hub lists: its hash differs",
    "nobody there": r"no connection to the Hub at 127\.0\.0\.1",
    "no such host": r"address no-such-host\.invalid cannot be found",
    "offline": r"set to offline",
    "disk full": r"^The disk is full",
    "no Hub": r"cannot be read .* is no Hub",
    "no run": r"is no run of Ganvas: it has no config\.json",
}


def failed(order: the_hub.Order, token: str | None = None, **limits: float) -> str:
    progress = the_hub.start(order, token=token, limits=Limits(**limits)).wait()
    assert progress.state == "failed", progress
    return progress.error


def is_about(sentence: str, kind: str) -> None:
    """It says this, and none of the other things."""
    assert [name for name, pattern in SENTENCES.items() if re.search(pattern, sentence)] == [kind], sentence
    assert sentence[0].isupper() and sentence.endswith((".", "?")) and "\n" not in sentence


@pytest.fixture(autouse=True)
def nothing_is_left(hub: Hub, runs_dir: Path):
    hub.add(REPO, SMALL)
    yield
    assert runs.list_runs(runs_dir) == [] or all(run.name == "My digits" for run in runs.list_runs(runs_dir))
    assert list(runs_dir.glob(".hub/*")) == []


def test_a_wrong_token(hub: Hub) -> None:
    is_about(failed(Pull(REPO), "hf_wrong"), "wrong token")
    is_about(failed(WhoAmI(), "hf_wrong"), "wrong token")


def test_a_token_that_may_only_read(hub: Hub, trained: Run) -> None:
    is_about(failed(Push(str(trained.path), REPO, private=False), READER), "no right to write")
    assert len(hub.repos[REPO].commits) == 2


def test_a_run_cannot_be_sent_without_a_token(hub: Hub, trained: Run) -> None:
    assert "the Hub must know who you are" in failed(Push(str(trained.path), REPO))
    assert hub.seen == []


@pytest.mark.parametrize(("status", "kind"), [(401, "no token"), (403, "no right to read"), (500, "fault")])
def test_an_answer_with_a_status(hub: Hub, status: int, kind: str) -> None:
    hub.fault = lambda method, path: f"status {status}"
    is_about(failed(Pull(REPO)), kind)


def test_too_many_requests_are_not_repeated(hub: Hub) -> None:
    hub.retry_after = "90"
    hub.fault = lambda method, path: "status 429" if "resolve" in path else ""
    progress = the_hub.start(Pull(REPO)).wait()
    is_about(progress.error, "too many requests")
    assert hub.asked("resolve") == 1 and progress.retry_s == 90


def test_a_fault_in_the_middle_is_repeated_once(hub: Hub) -> None:
    hub.fault = lambda method, path: "status 500" if "resolve" in path else ""
    is_about(failed(Pull(REPO)), "fault")
    assert hub.asked("resolve") == 2


def test_a_repository_that_is_not_there_or_private(hub: Hub) -> None:
    is_about(failed(Pull("ada/nothing"), READER), "no repository")
    hub.repos[REPO].private = True
    is_about(failed(Pull(REPO)), "private")


def test_a_revision_that_is_not_there(hub: Hub) -> None:
    is_about(failed(Pull(REPO, "deadbeef")), "no revision")


def test_a_hub_that_never_answers(hub: Hub) -> None:
    hub.fault = lambda method, path: "silent"
    is_about(failed(Pull(REPO), silence_s=5), "silence")
    assert hub.asked("/api/models") == 1


def test_a_hub_that_begins_to_answer_and_stops(hub: Hub) -> None:
    hub.fault = lambda method, path: "mute" if "resolve" in path else ""
    is_about(failed(Pull(REPO), silence_s=5), "silence")


def test_a_transfer_that_takes_too_long(hub: Hub) -> None:
    hub.fault = lambda method, path: "silent"
    is_about(failed(Pull(REPO), total_s=4), "too long")


def test_a_connection_that_is_cut_every_time(hub: Hub) -> None:
    hub.fault = lambda method, path: "cut" if "resolve" in path and method == "GET" else ""
    is_about(failed(Pull(REPO)), "cut")


def test_garbage_of_the_right_size(hub: Hub) -> None:
    hub.fault = lambda method, path: "garble" if "resolve" in path else ""
    is_about(failed(Pull(REPO)), "garbage")


def test_answers_that_are_no_answers(hub: Hub) -> None:
    hub.fault = lambda method, path: "garble"
    is_about(failed(Pull(REPO)), "no Hub")


def test_nobody_at_the_address(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free}")
    is_about(failed(Pull(REPO)), "nobody there")


def test_no_such_host(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://no-such-host.invalid")
    is_about(failed(Pull(REPO)), "no such host")


def test_a_client_that_is_told_to_stay_offline(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    is_about(failed(Pull(REPO)), "offline")
    assert hub.seen == []


def test_what_was_fetched_before_stands_in_while_the_hub_cannot_be_reached(
    hub: Hub, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = json.loads((trained.path / "about.json").read_text())
    origin = {"repo": REPO, "revision": "3f2c9a1" + "0" * 33, "weights_only": True}
    (trained.path / "about.json").write_text(json.dumps(about | {"origin": origin}))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    progress = the_hub.start(Pull(REPO, "3f2c9a1", reuse=True)).wait()
    assert progress.state == "done" and progress.result["run"] == str(trained.path), progress
    is_about(progress.result["unreachable"], "offline")
    is_about(failed(Pull(REPO, "aaaaaaa", reuse=True)), "offline")


def test_a_disk_that_fills_while_a_run_arrives(hub: Hub, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {made.stderr.decode().strip()}")
    try:
        hub.add("ada/large", SMALL | {"config.json": b" " * 200_000})
        progress = the_hub.start(Pull("ada/large"), runs_dir=disk).wait()
        assert progress.state == "failed" and progress.retry_s is None
        is_about(progress.error, "disk full")
        assert list((disk / ".hub").iterdir()) == []
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_repository_of_something_else(hub: Hub) -> None:
    hub.add("ada/text", {"README.md": b"hello"})
    sentence = failed(Pull("ada/text"))
    assert sentence.startswith("The repository 'ada/text'")
    is_about(sentence, "no run")


def test_a_pickle_forbids_the_whole_repository(hub: Hub) -> None:
    hub.add("ada/pickled", SMALL | {"pytorch_model.bin": b"\x80\x04."})
    sentence = failed(Pull("ada/pickled"))
    assert "'pytorch_model.bin', a pickle" in sentence and "can run any program" in sentence
    assert hub.asked("resolve") == 0, "nothing of it was fetched"


def test_a_public_repository_is_not_taken_for_a_private_one(hub: Hub, trained: Run) -> None:
    sentence = failed(Push(str(trained.path), REPO, private=True), WRITER)
    assert "exists already and is public" in sentence
    assert len(hub.repos[REPO].commits) == 2


def test_another_kind_of_model_is_not_overwritten(hub: Hub, trained: Run) -> None:
    hub.add("ada/bert", {"config.json": b"{}", "model.safetensors": b""})
    sentence = failed(Push(str(trained.path), "ada/bert", private=False), WRITER)
    assert "already holds something else than a run ('config.json')" in sentence
    assert len(hub.repos["ada/bert"].commits) == 2


def test_more_transfers_than_the_server_bears_are_refused(hub: Hub) -> None:
    hub.fault = lambda method, path: "silent"
    under_way = [the_hub.start(Pull(REPO)) for _ in range(4)]
    with pytest.raises(ValueError, match="4 transfers with the Hub are under way"):
        the_hub.start(Pull(REPO))
    for transfer in under_way:
        transfer.cancel()
    assert [transfer.wait().state for transfer in under_way] == ["cancelled"] * 4
    hub.fault = lambda method, path: ""
    assert the_hub.start(WhoAmI(), token=READER).wait().result["name"] == "ada"
