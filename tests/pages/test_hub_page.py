"""Hub: who am I, send, fetch, cancel; nobody's token is shown and nobody sees another's transfer."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from helpers import eventually
from streamlit.testing.v1 import AppTest

from gan_core.hub.orders import default_repo
from gan_core.runs import Run, adoption
from tests.hub.conftest import hub, running_hub  # noqa: F401 - fixtures
from tests.hub.server import WRITER, Hub
from tests.pages.conftest import Visit, calm, labels, panel, plain, words

pytestmark = pytest.mark.usefixtures("hub")


def told(app: AppTest) -> list[str]:
    return [plain(str(e.value)) for kind in ("success", "error", "info", "warning") for e in app.get(kind)]


def everything(app: AppTest) -> str:
    """All that the browser is sent of what is read or typed into."""
    kinds = ("markdown", "caption", "text", "success", "error", "code", "button", "text_input", "expander", "toggle")
    return "\n".join(str(element.proto) for kind in kinds for element in app.get(kind))


def settled(app: AppTest, slot: str) -> AppTest:
    """The page once a transfer of this session has ended. AppTest's clock does not tick, so it is asked for."""
    transfer = app.session_state[f"hub_transfer_{slot}"]
    transfer.wait(120)
    assert not transfer.running
    return calm(app.run())


def use_token(app: AppTest, token: str) -> AppTest:
    app.text_input(key="hub_token").set_value(token)
    next(b for b in app.button if b.label == "Use for this session").click()
    return settled(calm(app.run()), "account")


def elsewhere(app: AppTest, tab: str) -> AppTest:
    """The same visitor on a tab of the page Runs."""
    app.switch_page("pages/runs.py")
    app.query_params["tab"] = tab
    return calm(app.run())


def press(app: AppTest, key: str) -> AppTest:
    return calm(app.button(key=key).click().run())


def test_without_a_token_it_says_what_to_do(visit: Visit) -> None:
    app = visit("runs", tab="import")
    text = words(app)
    assert "There is no token: you can download public runs." in text
    assert "hub_whoami" not in [b.key for b in app.button]


def test_where_the_token_comes_from_is_said_and_its_value_never(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_TOKEN", WRITER)
    app = visit("runs", tab="import")
    assert "from the variable HF_TOKEN" in words(app)
    app = settled(press(app, "hub_whoami"), "account")
    assert told(app)[:1] == ["The Hub knows you as **ada**. Your organisations: a-school."]
    assert WRITER not in everything(app)
    monkeypatch.delenv("HF_TOKEN")
    (tmp_path / "hf-home").mkdir()
    (tmp_path / "hf-home" / "token").write_text(WRITER)
    assert "from hf auth login" in words(visit("runs", tab="import")).replace("`", "")
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
    assert "There is no token" in words(visit("runs", tab="import"))


def test_a_token_of_ones_own_lives_in_its_session_only(visit: Visit) -> None:
    app = use_token(visit("runs", tab="import"), f"  {WRITER}\n")
    assert "Your own token is used." in words(app)
    assert "The Hub knows you as **ada**." in told(app)[0]
    assert app.text_input(key="hub_token").proto.type == 1, "a password: dots, and no value is sent to the browser"
    assert WRITER not in everything(app)
    assert "There is no token" in words(visit("runs", tab="import")), "another browser has none"
    app = press(app, "hub_forget")
    assert "There is no token" in words(app) and "hub_session_token" not in app.session_state


def test_a_wrong_token_is_answered_with_a_sentence(visit: Visit) -> None:
    app = use_token(visit("runs", tab="import"), "hf_wrong")
    assert told(app)[0].startswith("The Hub does not accept the token (401)")


def test_a_run_is_sent_and_fetched_and_opens_in_the_other_pages(visit: Visit, trained: Run, hub: Hub) -> None:  # noqa: F811
    trained.describe(name="My *own* run", note="A secret")
    app = use_token(panel(visit("run", run=trained.id), trained, "hub"), WRITER)
    assert app.text_input(key=f"hub_repo_{trained.id}_ada").value == "ada/my-own-run"
    assert app.toggle(key="hub_private").value is True and app.toggle(key="hub_note").value is False
    app.selectbox(key="hub_licence").set_value("mit")
    app = settled(press(app, "hub_upload"), "upload")
    assert "Step 20 is on the Hub. Only you can see it." in told(app)
    (name, repo) = next(iter(hub.repos.items()))
    revision, files = repo.commits[-1]
    assert (name, repo.private) == ("ada/my-own-run", True)
    assert f"{name}\n{revision}" in [code.value for code in app.code]
    assert b"license: mit" in files["README.md"] and b"secret" not in b"".join(files.values())
    app = elsewhere(app, "import")
    app.text_input(key="hub_from").set_value(" ada/my-own-run ")
    app = settled(press(app, "hub_download"), "download")
    assert "Here it is, checked and sound." in told(app)
    run = Run(trained.path.parent / app.session_state["hub_transfer_download"].progress.result["id"])
    assert run.name in [text.value for text in app.text]
    assert adoption.origin(run) == adoption.Origin(name, revision, weights_only=True)
    app = press(app, "hub_fetched_watch")
    assert app.query_params["run"] == run.id and plain(app.title[0].value) == run.name
    assert "Resume" not in labels(app)
    for tab in ("explore", "watch"):
        visit("run", run=run.id, tab=tab)


def test_a_transfer_goes_on_while_its_visitor_is_elsewhere_and_can_be_cancelled(visit: Visit, hub: Hub) -> None:  # noqa: F811
    hub.fault = lambda method, path: "silent"
    app = visit("runs", tab="import")
    app.text_input(key="hub_from").set_value("ada/digits")
    app = press(app, "hub_download")
    transfer = app.session_state["hub_transfer_download"]
    eventually(lambda: hub.asked("/api/models"), "the Hub was asked")
    assert "hub_download_cancel" in [b.key for b in app.button]
    assert app.button(key="hub_download").disabled
    calm(app.switch_page("pages/home.py").run())
    assert transfer.running
    other = visit("runs", tab="import")
    assert "hub_download_cancel" not in [b.key for b in other.button], "nobody else sees it"
    app = elsewhere(app, "import")
    started = time.monotonic()
    app = settled(press(app, "hub_download_cancel"), "download")
    assert "Cancelled. Nothing was left behind." in told(app)
    assert time.monotonic() - started < 60, "it did not wait for the Hub"


def test_mistakes_are_sentences(visit: Visit, trained: Run, hub: Hub) -> None:  # noqa: F811
    app = visit("runs", tab="import")
    app.text_input(key="hub_from").set_value("<b>no</b> [x](http://evil.example)")
    app = press(app, "hub_download")
    assert "is no name of a repository: it must be user/name" in told(app)[0]
    assert not [e for e in app.error if "](http" in e.value]
    app.text_input(key="hub_from").set_value("ada/nothing")
    app = settled(press(app, "hub_download"), "download")
    assert "There is no repository 'ada/nothing' on the Hub (404), or it is private and needs a token." in told(app)[0]
    app = panel(visit("run", run=trained.id), trained, "hub")
    app = settled(press(app, "hub_upload"), "upload")
    assert any("the Hub must know who you are" in sentence for sentence in told(app))


def test_a_run_goes_into_a_collection_whose_runs_are_listed_and_fetched(visit: Visit, trained: Run, hub: Hub) -> None:  # noqa: F811
    app = use_token(panel(visit("run", run=trained.id), trained, "hub"), WRITER)
    app.text_input(key="hub_collection").set_value("ada/My class")
    app = settled(press(app, "hub_upload"), "upload")
    (slug,) = hub.collections
    assert slug in [code.value for code in app.code]
    app = elsewhere(app, "import")
    app.text_input(key="hub_browse_collection").set_value(f"https://huggingface.co/collections/{slug}")
    app = settled(press(app, "hub_browse"), "browse")
    (name,) = hub.repos
    app = settled(press(app, f"hub_fetch_{name}"), "download")
    assert "Here it is, checked and sound." in told(app)
    app.text_input(key="hub_browse_collection").set_value("nonsense")
    assert "'nonsense' is no collection" in " ".join(told(press(app, "hub_browse")))
    app.text_input(key="hub_browse_collection").set_value(slug[:-1] + ("0" if slug[-1] != "0" else "1"))
    assert "There is no collection" in " ".join(told(settled(press(app, "hub_browse"), "browse")))


def test_a_run_becomes_a_page_and_a_private_space(
    visit: Visit,
    trained: Run,
    hub: Hub,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    commands: dict[str, list[list[str]]],
) -> None:
    files = {
        "names": np.array(["README.md", "index.html"]),
        "file_0": bytes_of("old"),
        "file_1": bytes_of("<h1>page</h1>"),
    }
    monkeypatch.setattr("pages.components.run.publish.outcome", lambda *_arguments: files)
    key = f"publish_{trained.id}"
    app = visit("run", run=trained.id, tab="report")
    app.session_state[key] = True
    app = use_token(press_form(calm(app.run()), "Make the page"), WRITER)
    assert app.text_input(key=f"{key}_space_ada").value == default_repo("ada", trained.name)
    assert app.toggle(key=f"{key}_private").value is True
    assert commands["space"] == [["publish", trained.id, "--space", default_repo("ada", trained.name)]]
    app = settled(press(app, f"{key}_send"), "publish")
    assert "The page is on the Hub. Only you can see it." in told(app)
    ((name, space),) = hub.spaces.items()
    sent = space.commits[-1][1]
    assert (name, space.private, sent["index.html"]) == (default_repo("ada", trained.name), True, b"<h1>page</h1>")
    assert b"sdk: static" in sent["README.md"] and trained.name.encode() in sent["README.md"]


def bytes_of(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)


def press_form(app: AppTest, label: str) -> AppTest:
    return calm(next(b for b in app.button if b.label == label).click().run())
