"""Signing in: for whom a wrong code counts."""

import itertools
from urllib.parse import urlencode

import pytest
from access_helpers import PIN
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gan_core.access import classroom
from gan_core.access.classroom import Attempts
from pages.components.shared import server, visitor

WRONG, TOO_MANY = "neither the class code", "Too many wrong codes"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A classroom, and no wrong code yet."""
    classroom.make(PIN)
    monkeypatch.setitem(classroom.sign_in.__kwdefaults__, "attempts", Attempts(each=2, together=5))


def sign_in(peer: str, code: str, forwarded_for: str = "") -> tuple[int, str]:
    """Status and text, as uvicorn and the page answer somebody at this address with this header."""
    app = ProxyHeadersMiddleware(Starlette(routes=visitor.routes()), "127.0.0.1,::1")
    client = TestClient(app, client=(peer, 5000), follow_redirects=False)
    headers = {"X-Forwarded-For": forwarded_for} if forwarded_for else {}
    found = client.post("/sign-in", data={"code": code}, headers=headers)
    return found.status_code, found.text


def test_nobody_evades_the_limit_of_an_address_by_a_header() -> None:
    told = [sign_in("10.0.0.7", "wrong-code", f"10.9.9.{n}")[1] for n in range(3)]
    assert [TOO_MANY in text for text in told] == [False, False, True] and WRONG in told[0]
    assert sign_in("10.0.0.8", PIN)[0] == 303


@pytest.mark.parametrize("says_who", [True, False])
def test_one_behind_a_proxy_does_not_lock_the_others_out(says_who: bool) -> None:
    """What a proxy adds comes last; what its client claims stands before."""
    claims = itertools.count()
    attacker, other = ("1.2.3.{n}, 10.0.0.7", "10.0.0.8") if says_who else ("", "")
    told = [sign_in("127.0.0.1", "wrong-code", attacker.format(n=next(claims)))[1] for _ in range(4)]
    assert [TOO_MANY in text for text in told] == ([False, False, True, True] if says_who else [False] * 4)
    assert sign_in("127.0.0.1", PIN, other)[0] == 303


def test_the_limit_of_all_together_holds_behind_a_proxy_too() -> None:
    told = [sign_in("127.0.0.1", "wrong-code", f"10.0.0.{n}")[1] for n in range(6)]
    assert [TOO_MANY in text for text in told] == [False] * 5 + [True]


def browser(locale: str = "") -> TestClient:
    """A browser with this locale on a server of its own."""
    headers = {"accept-language": locale} if locale else {}
    return TestClient(Starlette(routes=visitor.routes()), headers=headers, follow_redirects=False)


@pytest.mark.parametrize(
    ("locale", "address", "title"),
    [
        ("zh-TW,zh;q=0.9,en;q=0.8", "/sign-in", "登入 Ganvas"),
        ("zh-TW", "/sign-in?lang=en", "Sign in to Ganvas"),
        ("en-GB", "/sign-in?lang=zh_TW", "登入 Ganvas"),
        ("de", "/sign-in", "Sign in to Ganvas"),
        ("", "/sign-in?lang=../../x", "Sign in to Ganvas"),
    ],
)
def test_the_form_is_in_the_visitors_language_and_offers_each(locale: str, address: str, title: str) -> None:
    page = browser(locale).get(address).text
    assert f"<h1>{title}</h1>" in page
    assert page.index("English") < page.index("繁體中文")
    assert ("<b>繁體中文</b>" in page) == (title == "登入 Ganvas") == ('lang="zh-TW"><meta' in page)


def test_a_refusal_and_what_comes_after_it_keep_the_language() -> None:
    client = browser()
    refused = client.post("/sign-in?lang=zh_TW", data={"code": "wrong-code", "name": "<Ada>"})
    assert refused.status_code == 403 and WRONG not in refused.text and 'value="&lt;Ada&gt;"' in refused.text
    assert 'action="?lang=zh_TW"' in refused.text
    done = client.post("/sign-in?lang=zh_TW", data={"code": PIN})
    assert (done.status_code, done.headers["location"]) == (303, "/?lang=zh_TW")
    assert client.get("/sign-out?lang=zh_TW").headers["location"] == "/?lang=zh_TW"


@pytest.mark.parametrize(
    ("to", "place"),
    [
        ("train?preset=mnist-dcgan&training.epochs=3&only=1", "/train?preset=mnist-dcgan&training.epochs=3&only=1&lang=en"),
        ("//evil.example/?x", "/?lang=en"), ("https://evil.example/?x", "/?lang=en"), ("train", "/?lang=en"),
        ("train?x=\r\nSet-Cookie: a", "/?lang=en"), ("train?" + "x" * 5000, "/?lang=en"), ("\\evil?x", "/?lang=en"),
    ],
)  # fmt: skip
def test_signing_in_leads_back_to_a_page_of_ours_and_nowhere_else(to: str, place: str) -> None:
    found = browser().post("/sign-in", params={"to": to, "lang": "en"}, data={"code": PIN})
    assert (found.status_code, found.headers["location"]) == (303, place)


def leaving(referrer: str) -> TestClient:
    """A browser that was sent to the provider from this address; the two redirects are as Streamlit's own."""
    sent = [Route(path, lambda _: RedirectResponse("/", 302)) for path in ("/auth/login", "/oauth2callback")]
    client = TestClient(Starlette(routes=sent, middleware=server.MIDDLEWARE), follow_redirects=False)
    assert client.get("/auth/login", headers={"referer": referrer}).headers["location"] == "/"
    return client


def test_an_account_s_sign_in_leads_back_once() -> None:
    back = "train?preset=mnist-dcgan&training.epochs=3&only=1&lang=en"
    client = leaving(f"http://testserver/runs?{urlencode({'to': back})}")
    assert client.get("/oauth2callback").headers["location"] == f"/{back}"
    assert client.get("/oauth2callback").headers["location"] == "/"


@pytest.mark.parametrize(
    "query",
    ["", "to=", "to=//evil.example/?x", "to=https://evil.example/?x", "to=%5Cevil?x", f"to=train?{'%25' * 1300}"],
)
def test_it_leads_nowhere_else(query: str) -> None:
    assert leaving(f"http://testserver/?{query}").get("/oauth2callback").headers["location"] == "/"


def test_leaving_from_elsewhere_forgets_an_earlier_way_back() -> None:
    client = leaving("http://testserver/?to=train?only%3D1")
    client.get("/auth/login", headers={"referer": "http://testserver/"})
    assert client.get("/oauth2callback").headers["location"] == "/"
