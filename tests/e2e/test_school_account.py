"""Signing in with a school's account (OpenID Connect) in a real browser, at a real provider."""

from pathlib import Path
from typing import Any

import pytest
from access_helpers import CODE, PIN
from playwright.sync_api import Page, expect

from gan_core.access import classroom
from tests.e2e.app_helpers import SLOW_MS, open_page, title, visitor
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


def signed_in(page: Page, server: Server, words: str, heading: str = HOME) -> None:
    open_page(page, server, "/", HOME)
    page.get_by_role("button", name="Sign in with your school's account").click()
    expect(title(page, heading)).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_test_id("stSidebar").get_by_text(words, exact=True)).to_be_visible(timeout=SLOW_MS)


def test_a_student_and_a_teacher_sign_in_and_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_CLASSROOM", str(tmp_path / "classroom.json"))
    room = classroom.make(PIN, CODE) and classroom.read()
    assert room is not None
    classroom.path().write_text(room.model_copy(update={"teachers": ("prof@school.example",)}).model_dump_json())
    claims: dict[str, Any] = {"sub": "7", "name": "Anna", "email": "anna@school.example", "email_verified": True}
    secrets = tmp_path / "secrets.toml"
    env = {"GANVAS_RUNS_DIR": str(tmp_path / "runs"), "GANVAS_CACHE_DIR": str(tmp_path / "cache")}
    env["GANVAS_CLASSROOM"] = str(classroom.path())
    with provider(claims) as issuer, chromium() as browser:
        secrets.write_text(SECRETS.format(secret="s" * 40, client=CLIENT, issuer=issuer), "utf-8")
        options = [f"--secrets.files={secrets}"]
        with streamlit_server(ROOT / "app.py", folder=tmp_path, env=env, options=options) as server:
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
