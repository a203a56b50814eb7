"""What is on the Hub: listed by owner, tag and words, as `browse` prints it; tried again where a fault passes."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from gan_core.cli.main import app
from gan_core.hub import Browse
from tests.hub.server import Hub

CARD = "---\nlibrary_name: ganvas\ntags:\n- ganvas\n- {}\n---\nhello"


@pytest.fixture
def filled(hub: Hub) -> Hub:
    hub.add("ada/digits", {"README.md": CARD.format("mnist-dcgan").encode()})
    hub.add("ada/faces", {"README.md": CARD.format("faces-ddpm").encode()})
    hub.add("ada/bert", {"README.md": b"---\ntags:\n- text\n---\n"})
    hub.add("ada/secret", {"README.md": CARD.format("mnist-dcgan").encode()}, private=True)
    hub.add("bob/digits", {"README.md": CARD.format("mnist-dcgan").encode()})
    return hub


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["ada"], ["ada/digits", "ada/faces"]),
        (["--tag", "mnist-dcgan"], ["ada/digits", "bob/digits"]),
        (["--search", "faces", "--limit", "1"], ["ada/faces"]),
    ],
)
def test_runs_are_found_by_owner_tag_and_words(filled: Hub, arguments: list[str], found: list[str]) -> None:
    done = CliRunner().invoke(app, ["browse", *arguments, "--json"], catch_exceptions=False)
    rows = json.loads(done.stdout)
    assert [row["repo"] for row in rows] == found
    assert rows[0]["revision"] == filled.repos[found[0]].commits[-1][0] and rows[0]["changed"] == "2026-01-02"
    assert "ganvas" not in rows[0]["tags"]


def test_a_fault_that_passes_is_tried_again(filled: Hub) -> None:
    filled.retry_after = "1"
    filled.fault = lambda method, path: "status 429" if filled.asked("/ada/digits") < 2 else ""
    done = CliRunner().invoke(app, ["pull", "ada/digits", "--retries", "3"])
    assert "too many requests" in done.stderr and "Trying again in 1 s (1 of 3)" in done.stderr
    assert "2 of 3" not in done.stderr, "that it is no run does not pass"
    assert isinstance(done.exception, ValueError) and "is no run of Ganvas" in str(done.exception)


@pytest.mark.parametrize("wrong", [{"author": "a/b"}, {"tags": ("ok", "a b")}, {"limit": 0}])
def test_what_cannot_be_asked_for_is_refused_before_the_hub_is_asked(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no user or organisation|no tag|between 1 and 500"):
        Browse(**wrong)
