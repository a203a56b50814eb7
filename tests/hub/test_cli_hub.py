"""`push` and `pull` on the command line, against the Hub on loopback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gan_core import runs
from gan_core.cli import main
from gan_core.runs import Run
from tests.hub.server import WRITER, Hub

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], runs_dir: Path) -> Command:
    """Runs a command: (exit status, standard output, standard error)."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gan_core", *arguments])
        try:
            main.main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        return status, *capsys.readouterr()

    return run


def test_a_run_goes_to_the_hub_and_comes_back(
    hub: Hub, trained: Run, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", WRITER)
    status, out, err = command("push", "My digits", "ada/digits", "--public", "--step", "10", "--with-optimizer")
    (revision,) = {event["revision"] for event in trained.events() if event["type"] == "pushed"}
    assert (status, out) == (0, f"{hub.url}/ada/digits holds step 10 as revision {revision}; everybody can see it.\n")
    assert err.splitlines()[0] == "Starting …" and WRITER not in out + err  # short phases may pass unseen
    monkeypatch.delenv("HF_TOKEN")
    elsewhere = tmp_path / "elsewhere"
    status, out, err = command("pull", "ada/digits", "--revision", revision, "--runs-dir", str(elsewhere))
    (run,) = runs.list_runs(elsewhere)
    assert (status, out) == (0, f"{run.path}\nRevision {revision}, step 10.\n")
    assert err.splitlines()[0] == "Starting …"
    assert run.status().state == "stopped"


def test_a_login_of_the_hubs_own_program_is_used_unless_the_installation_forbids_it(
    hub: Hub, trained: Run, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hf-home").mkdir()
    (tmp_path / "hf-home" / "token").write_text(WRITER)
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
    status, _out, err = command("push", "My digits", "ada/digits")
    assert status == 2 and "Error: To upload, the Hub must know who you are" in err
    monkeypatch.delenv("HF_HUB_DISABLE_IMPLICIT_TOKEN")
    status, out, _err = command("push", "My digits", "ada/digits")
    assert status == 0 and "only you can see it" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pull", "ada/nothing"), "There is no repository 'ada/nothing'"),
        (("pull", "digits"), "it must be user/name"),
        (("push", "nobody", "ada/digits"), "There is no run 'nobody'"),
        (("push", "My digits", "ada/digits", "--licence", "evil"), "Unknown licence 'evil'"),
    ],
)
def test_refusals_are_a_sentence_and_status_2(
    hub: Hub, trained: Run, command: Command, arguments: tuple[str, ...], words: str
) -> None:
    status, out, err = command(*arguments)
    assert (status, out) == (2, "")
    (line,) = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert words in line and "Traceback" not in err


def test_limits_come_from_the_environment(hub: Hub, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_HUB_SILENCE_S", "4")
    hub.fault = lambda method, path: "silent"
    assert "has not answered for 4 s" in command("pull", "ada/digits")[2]
    monkeypatch.setenv("GANVAS_HUB_SILENCE_S", "soon")
    assert "GANVAS_HUB_SILENCE_S must be a number of seconds above 0; got 'soon'" in command("pull", "ada/digits")[2]
