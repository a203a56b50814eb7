"""The page of a run sent to the Hub as a static Space: private unless asked otherwise, and never over something else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from gan_core import hub as the_hub
from gan_core.cli.main import app
from gan_core.hub import Limits, Space
from gan_core.hub.orders import PAGE
from gan_core.hub.transfer import TransferProgress
from gan_core.report import publishing, web_page
from gan_core.runs import Run
from tests.hub.server import READER, WRITER, Hub, Repo

NAME = "ada/my-page"
SHORT = publishing.ReportTemplate("p", "Ganvas", (publishing.TemplateSection("a", (), ("losses",)),))


def page(place: Path) -> None:
    (place / PAGE).mkdir()
    (place / PAGE / "index.html").write_text("<h1>My digits</h1>")
    (place / PAGE / "README.md").write_text(web_page.readme("My digits", "mit"))


def end(order: the_hub.Order, token: str | None = WRITER, fill: object = page, **limits: float) -> TransferProgress:
    return the_hub.start(order, token=token, limits=Limits(**limits), fill=fill).wait()


def test_a_page_becomes_a_private_static_space_and_is_replaced_by_the_next(
    hub: Hub, trained: Run, runs_dir: Path
) -> None:
    for _time in range(2):
        done = end(Space(NAME, run=str(trained.path)))
        assert (done.state, done.result["private"], done.result["url"]) == ("done", True, f"{hub.url}/spaces/{NAME}")
    revision, files = hub.spaces[NAME].commits[-1]
    assert done.result["revision"] == revision and hub.spaces[NAME].private and hub.repos == {}
    assert files.keys() == {".gitattributes", "README.md", "index.html"}, "the Hub's own first page is gone"
    assert yaml.safe_load(files["README.md"].split(b"---\n")[1]) == {
        "title": "My digits", "sdk": "static", "license": "mit", "tags": ["ganvas"]
    }  # fmt: skip
    published = trained.events()[-1]
    assert (published["type"], published["repo"], published["revision"]) == ("published", NAME, revision)
    assert list(runs_dir.glob(".hub/*")) == []


@pytest.mark.parametrize(
    ("there", "order", "words"),
    [
        (Repo(False), Space(NAME), "exists already and is public, but the page was to be private"),
        (Repo(True, [("0" * 40, {}), ("1" * 40, {"app.py": b""})]), Space(NAME), "already holds something else"),
    ],
)
def test_a_space_that_is_public_or_another_s_work_is_left_alone(
    hub: Hub, there: Repo, order: Space, words: str
) -> None:
    hub.spaces[NAME] = there
    before = list(there.commits)
    failed = end(order)
    assert failed.state == "failed" and words in failed.error and there.commits == before


def test_a_space_left_empty_by_an_upload_that_failed_is_used_again(hub: Hub) -> None:
    hub.fault = lambda method, path: "status 500" if "/commit/" in path else ""
    failed = end(Space(NAME))
    assert "fault of its own" in failed.error and failed.retry_s is not None and NAME in hub.spaces
    hub.fault = lambda method, path: ""
    assert end(Space(NAME)).state == "done"


@pytest.mark.parametrize(
    ("token", "name", "fault", "words"),
    [
        (None, NAME, "", "the Hub must know who you are"),
        ("hf_wrong", NAME, "", r"does not accept the token \(401\)"),
        (READER, NAME, "", r"may not write to 'ada/my-page' \(403\)"),
        (WRITER, "bob/page", "", r"may not write to 'bob/page' \(403\)"),
        (WRITER, NAME, "status 429", "too many requests"),
        (WRITER, NAME, "cut", "was cut"),
        (WRITER, NAME, "silent", "has not answered for 5 s"),
    ],
)
def test_every_fault_is_a_sentence_and_leaves_nothing(
    hub: Hub, runs_dir: Path, token: str | None, name: str, fault: str, words: str
) -> None:
    hub.fault = lambda method, path: fault
    failed = end(Space(name), token, silence_s=5)
    assert failed.state == "failed" and re.search(words, failed.error), failed
    assert hub.spaces == {} and list(runs_dir.glob(".hub/*")) == []


def test_it_can_be_cancelled_and_a_folder_that_is_no_page_is_refused(hub: Hub, runs_dir: Path) -> None:
    assert "A page has a README.md, an index.html" in end(Space(NAME), fill=lambda place: (place / PAGE).mkdir()).error
    hub.fault = lambda method, path: "silent"
    transfer = the_hub.start(Space(NAME), token=WRITER, fill=page)
    transfer.cancel()
    assert transfer.wait().state == "cancelled" and list(runs_dir.glob(".hub/*")) == []


def test_publish_on_the_command_line_writes_the_folder_sends_it_or_both(
    hub: Hub, trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "CONTENT", SHORT)
    monkeypatch.setenv("HF_TOKEN", WRITER)

    def publish(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["publish", trained.id, *arguments])
        return done.stdout if done.exit_code == 0 else str(done.exception)

    assert "give --out FOLDER, --space user/name, or both" in publish()
    assert "Unknown licence 'evil'" in publish("--space", NAME, "--licence", "evil") and hub.spaces == {}
    out = publish("--space", NAME, "--out", str(tmp_path / "page"), "--licence", "cc-by-4.0")
    revision, files = hub.spaces[NAME].commits[-1]
    assert f"{hub.url}/spaces/{NAME} holds the page as revision {revision}; only you can see it." in out
    assert files["index.html"] == (tmp_path / "page" / "index.html").read_bytes()
    assert b'license: "cc-by-4.0"' in files["README.md"]
    assert "everybody can see it" in publish("--space", "ada/open", "--public")
    assert not hub.spaces["ada/open"].private
