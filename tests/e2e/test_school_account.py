"""Signing in with a school's account (OpenID Connect) in a real browser, at a real provider."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from access_helpers import CODE, PIN
from helpers import tiny_run
from playwright.sync_api import Page, expect

from gan_core.access import classroom
from tests.e2e.app_helpers import SLOW_MS, open_page, settled, title, visitor
from tests.e2e.browser import ROOT, Server, chromium, streamlit_server
from tests.e2e.openid import CLIENT, provider

pytestmark = pytest.mark.e2e
HOME = "Watch a neural network learn to draw"
SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"
cookie_secret = "{secret}"
client_id = "{client}"
client_secret = "not asked for"
server_metadata_url = "{issuer}/.well-known/openid-configuration"
"""


ANNA = {"sub": "7", "name": "Anna", "email": "anna@school.example", "email_verified": True}
SIGN_IN = "Sign in with your school's account"


@contextmanager
def school(folder: Path, claims: dict[str, Any], base_path: str = "") -> Iterator[Server]:
    """A server of the classroom whose visitors may sign in at a provider."""
    env = {"GANVAS_RUNS_DIR": str(folder / "runs"), "GANVAS_CACHE_DIR": str(folder / "cache")}
    env["GANVAS_CLASSROOM"] = str(classroom.path())
    secrets = folder / "secrets.toml"
    with provider(claims) as issuer:
        words = SECRETS.format(secret="s" * 40, client=CLIENT, issuer=issuer)
        if base_path:
            words = words.replace("/oauth2callback", f"/{base_path}/oauth2callback")
        secrets.write_text(words, "utf-8")
        options = [f"--secrets.files={secrets}"]
        with streamlit_server(ROOT / "app.py", folder=folder, env=env, options=options, base_path=base_path) as server:
            yield server


def signed_in(page: Page, server: Server, words: str, heading: str = HOME) -> None:
    open_page(page, server, "/", HOME)
    page.get_by_role("button", name=SIGN_IN).click()
    expect(title(page, heading)).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_test_id("stSidebar").get_by_text(words, exact=True)).to_be_visible(timeout=SLOW_MS)


def test_a_student_and_a_teacher_sign_in_and_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_CLASSROOM", str(tmp_path / "classroom.json"))
    room = classroom.make(PIN, CODE) and classroom.read()
    assert room is not None
    classroom.path().write_text(room.model_copy(update={"teachers": ("prof@school.example",)}).model_dump_json())
    claims: dict[str, Any] = {**ANNA}
    with chromium() as browser, school(tmp_path, claims) as server:
        with visitor(browser) as (anna, faults):
            signed_in(anna, server, "Signed in as Anna")
            anna.get_by_test_id("stSidebar").get_by_role("button", name="Sign out").click()
            expect(anna.get_by_test_id("stSidebar").get_by_text("You are watching.")).to_be_visible(timeout=SLOW_MS)
            faults.check()
        claims |= {"sub": "1", "name": "P", "email": "prof@school.example"}
        with visitor(browser) as (teacher, _faults):
            signed_in(teacher, server, "Teacher", "Your class")
        claims.pop("email_verified")  # anybody may have written this address into their account
        with visitor(browser) as (impostor, _faults):
            signed_in(impostor, server, "Signed in as P")


@pytest.mark.parametrize("base_path", ["", "lab/gan"])
def test_a_link_for_the_class_outlasts_the_sign_in(
    base_path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the language that was chosen before; and the next sign-in, from elsewhere, ends at the first page again."""
    monkeypatch.setenv("GANVAS_CLASSROOM", str(tmp_path / "classroom.json"))
    classroom.make(PIN, CODE)
    with chromium() as browser, school(tmp_path, {**ANNA}, base_path) as server, visitor(browser) as (anna, _faults):
        side = anna.get_by_test_id("stSidebar")
        link = "/train?preset=mnist-dcgan&training.epochs=3&only=1"
        open_page(anna, server, f"{link}&lang=zh_TW", "訓練模型")
        settled(anna)
        side.get_by_role("button", name="使用學校帳號登入").click()
        anna.wait_for_url(f"{server.url}{link}&lang=zh_TW", timeout=SLOW_MS)
        expect(side.get_by_text("登入身分：Anna")).to_be_visible(timeout=SLOW_MS)
        expect(anna.get_by_role("spinbutton")).to_have_value("3")
        expect(side.get_by_role("link", name="執行紀錄")).to_have_count(0)
        assert [c["name"] for c in anna.context.cookies() if "way_back" in c["name"]] == []
        side.get_by_role("button", name="登出").click()
        anna.wait_for_url(re.compile(rf"^{re.escape(server.url)}/(\?lang=\w+)?$"), timeout=SLOW_MS)
        signed_in(anna, server, "Signed in as Anna")


def test_a_class_s_link_is_found_again_from_a_page_that_it_leads_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANVAS_CLASSROOM", str(tmp_path / "classroom.json"))
    classroom.make(PIN, CODE)
    tiny_run(tmp_path / "runs", name="somebody's")
    with chromium() as browser, school(tmp_path, {**ANNA}) as server, visitor(browser) as (anna, _faults):
        link = "/train?preset=mnist-dcgan&training.epochs=3&only=1"
        open_page(anna, server, link, "Train a model")
        settled(anna)
        anna.get_by_test_id("stSidebar").get_by_role("link", name="somebody's").click()
        expect(title(anna, "somebody's")).to_be_visible(timeout=SLOW_MS)
        settled(anna)
        anna.get_by_role("button", name=SIGN_IN).click()
        anna.wait_for_url(f"{server.url}{link}&lang=en", timeout=SLOW_MS)
        expect(anna.get_by_test_id("stSidebar").get_by_text("Signed in as Anna")).to_be_visible(timeout=SLOW_MS)
