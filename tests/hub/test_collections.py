"""A collection of a class: its runs are listed, a run that is sent is put into it, and each refusal is a sentence."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner

from gan_core import hub as the_hub
from gan_core.cli.main import app
from gan_core.hub import Browse, Limits, Push
from gan_core.hub.orders import slug_of
from gan_core.runs import Run
from tests.hub.server import READER, WRITER, Hub, Shelf
from tests.hub.test_browsing import filled  # noqa: F401 - fixture

SLUG = "ada/my-class-64f9a55bb3115b4f513ec026"
REPO = "ada/sent"


@pytest.fixture
def shelf(hub: Hub, filled: Hub) -> Shelf:  # noqa: F811
    items = [
        ("model", "bob/digits"), ("dataset", "ada/data"), ("model", "ada/bert"), ("model", "ada/secret"),
        ("model", "ada/gone"), ("model", "ada/faces"),
    ]  # fmt: skip
    hub.collections[SLUG] = Shelf("My class", items=items)
    return hub.collections[SLUG]


def end(order: the_hub.Order, token: str | None = None, **limits: float) -> object:
    return the_hub.start(order, token=token, limits=Limits(**limits)).wait()


def browse(*arguments: str) -> list[str]:
    done = CliRunner().invoke(app, ["browse", *arguments, "--json"], catch_exceptions=False)
    return [row["repo"] for row in json.loads(done.stdout)]


@pytest.mark.usefixtures("shelf")
def test_the_runs_of_a_collection_are_listed_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    assert browse("--collection", SLUG) == ["bob/digits", "ada/faces"], (
        "no data set, no other model, none that is not seen"
    )
    assert browse("--collection", f"https://huggingface.co/collections/{SLUG}?x=1") == ["bob/digits", "ada/faces"]
    assert browse("ada", "--collection", SLUG) == browse("--collection", SLUG, "--tag", "faces-ddpm") == ["ada/faces"]
    assert browse("--collection", SLUG, "--search", "DIGITS") == browse("--collection", SLUG, "--limit", "1")
    monkeypatch.setenv("HF_TOKEN", READER)
    assert browse("--collection", SLUG) == ["bob/digits", "ada/secret", "ada/faces"]


def test_a_run_is_put_into_a_collection_once(hub: Hub, trained: Run, shelf: Shelf) -> None:
    for _time in range(2):
        done = end(Push(str(trained.path), REPO, collection=SLUG), WRITER)
        assert done.result["collection"] == SLUG and shelf.items.count(("model", REPO)) == 1


def test_a_collection_that_is_not_there_is_made_once_by_its_title(
    hub: Hub, trained: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_TOKEN", WRITER)
    for _time in range(2):
        done = CliRunner().invoke(app, ["push", trained.id, REPO, "--collection", "ada/GANs, spring 2026"])
        assert done.exit_code == 0, done.stderr
    ((slug, made),) = hub.collections.items()
    assert (made.title, made.private, made.items) == ("GANs, spring 2026", True, [("model", REPO)])
    assert f"It is in the collection {slug}." in done.stdout


@pytest.mark.parametrize(
    ("collection", "token", "words"),
    [
        (
            "ada/no-such-64f9a55bb3115b4f513ec027",
            WRITER,
            r"There is no collection 'ada/no-such-\w+' on the Hub \(404\)",
        ),
        ("bob/A class", WRITER, r"may not use the collection 'bob/A class' \(403\)"),
        ("ada/A class", "hf_wrong", r"may not use the collection 'ada/A class' \(403\)|does not accept the token"),
    ],
)
def test_a_collection_that_may_not_be_used_is_said_before_anything_is_sent(
    hub: Hub, trained: Run, collection: str, token: str, words: str
) -> None:
    failed = end(Push(str(trained.path), REPO, collection=collection), token)
    assert failed.state == "failed" and re.search(words, failed.error), failed
    assert hub.repos == {} and hub.collections == {}


def test_a_fault_after_the_run_was_sent_says_that_it_was(hub: Hub, trained: Run, shelf: Shelf) -> None:
    hub.fault = lambda method, path: "status 500" if path.endswith("/items") else ""
    failed = end(Push(str(trained.path), REPO, collection=SLUG), WRITER)
    assert failed.error.startswith(f"The run is on the Hub as '{REPO}', but not in the collection. The Hub has a fault")
    assert failed.retry_s is not None and REPO in hub.repos
    hub.collections["bob/theirs-64f9a55bb3115b4f513ec026"] = Shelf("theirs")
    hub.fault = lambda method, path: ""
    failed = end(Push(str(trained.path), REPO, collection="bob/theirs-64f9a55bb3115b4f513ec026"), WRITER)
    assert "but not in the collection. The token may not use the collection 'bob/theirs" in failed.error
    assert failed.retry_s is None


@pytest.mark.parametrize(
    ("fault", "words"),
    [("status 404", "There is no collection 'ada/my-class"), ("status 500", r"fault of its own"), ("cut", "was cut"),
     ("status 429", "too many requests"), ("silent", "has not answered for 5 s"), ("garble", "is no Hub")],
)  # fmt: skip
def test_faults_while_a_collection_is_listed(hub: Hub, shelf: Shelf, fault: str, words: str) -> None:
    hub.fault = lambda method, path: fault if "/collections/" in path else ""
    failed = end(Browse(collection=SLUG), silence_s=5)
    assert failed.state == "failed" and re.search(words, failed.error), failed


def test_listing_can_be_cancelled(hub: Hub, shelf: Shelf) -> None:
    hub.fault = lambda method, path: "silent"
    transfer = the_hub.start(Browse(collection=SLUG))
    transfer.cancel()
    assert transfer.wait().state == "cancelled"


@pytest.mark.parametrize("wrong", ["class", "ada/", "/title", "a b/title", "ada/" + "x" * 61, "ada/a\nb"])
def test_what_names_no_collection_is_refused_before_the_hub_is_asked(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no collection"):
        Push("run", REPO, collection=wrong)
    with pytest.raises(ValueError, match="is no collection"):
        Browse(collection=wrong)


def test_a_title_may_hold_a_question_mark() -> None:
    assert slug_of(" ada/Why GANs? ") == "ada/Why GANs?"
