"""Who the present visitor is in a classroom, and the page on which they sign in.

The session is a signed cookie that scripts cannot read. Signing in is a plain form of HTML, answered by the server itself,
because only an answer can set such a cookie.
"""

from __future__ import annotations

import html

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from streamlit import config
from streamlit.runtime.scriptrunner import get_script_run_ctx

from gan_core.access import VIEWER, Actor, Refused, Role, classroom
from gan_core.config.settings import is_loopback
from pages.components.text import _, as_text

COOKIE = "ganvas_session"
FIELD_LIMIT = 200
STYLE = """:root{color-scheme:light dark;font:16px/1.5 sans-serif}body{max-width:24rem;margin:12vh auto;padding:0 1rem}
h1{font-size:1.6rem}label{display:block;margin:1rem 0 .2rem}input{width:100%;box-sizing:border-box;font:inherit;padding:.5rem;
border:1px solid #8a9299;border-radius:.375rem}button{font:inherit;margin-top:1.4rem;padding:.5rem 1.2rem;border:0;
border-radius:.375rem;background:#0f766e;color:#fff}[role=alert]{border-left:4px solid #c2410c;padding:.4rem .8rem}
small{color:light-dark(#4b5563,#b5bdc9)}a{color:light-dark(#0f766e,#5eead4)}"""


def actor() -> Actor | None:
    """The visitor whose script runs in this thread; None in the server's own threads and without a classroom. While
    classroom.json is damaged, everybody watches."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return None
    try:
        if classroom.read() is None:
            return None
    except ValueError:
        return VIEWER
    token = st.context.cookies.get(COOKIE)
    if token:
        return classroom.actor_of(token)
    return classroom.actor_of_claims(st.user.to_dict()) if st.user.get("is_logged_in") else VIEWER


def teaches() -> bool:
    """Whether the present visitor is the teacher of a class; nobody is at a computer of one's own."""
    who = actor()
    return who is not None and who.role == Role.TEACHER


def show() -> None:
    """In the side bar of a classroom: who you are, and the way to sign in or out."""
    who = actor()
    if who is None:
        return
    if who.role == Role.VIEWER:
        words, link, page = _("You are watching. To train, sign in."), _("Sign in"), "sign-in"
    else:
        words = _("Teacher") if who.role == Role.TEACHER else _("Signed in as {name}").format(name=as_text(who.name))
        link, page = _("Sign out"), "sign-out"
    st.caption(words)
    if st.user.get("is_logged_in"):
        st.button(_("Sign out"), key="visitor_logout", on_click=st.logout)
        return
    if who.role == Role.VIEWER and st.secrets.load_if_toml_exists() and "auth" in st.secrets:
        st.button(_("Sign in with your school's account"), key="visitor_login", on_click=st.login)
    st.html(f'<a href="{html.escape(base_path())}/{page}" target="_self" style="color:inherit">{html.escape(link)}</a>')


def refused(error: Exception) -> bool:
    """Shows a refusal that no page has shown, in its place; whether it was one."""
    if isinstance(error, Refused):
        st.error(as_text(_(str(error))), icon=":material/lock:")
    return isinstance(error, Refused)


def base_path() -> str:
    """`server.baseUrlPath`, with a slash before it and none behind; "" without one."""
    path = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


async def sign_in_page(request: Request) -> Response:
    """GET: the form. POST: sets the cookie and goes home, or the form with the refusal."""
    if request.method == "GET":
        return _form("", "")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return _form("", _("Sign in on this page itself."), 403)
    sent = {name: value[:FIELD_LIMIT] for name, value in (await request.form()).items() if isinstance(value, str)}
    try:
        token = classroom.sign_in(
            sent.get("code", ""),
            sent.get("name", ""),
            sent.get("own", ""),
            address=_address(request),
        )
    except ValueError as refusal:
        return _form(sent.get("name", ""), str(refusal), 403)
    answer = RedirectResponse(f"{base_path()}/", 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, token, max_age=classroom.SESSION_S, httponly=True, samesite="strict", secure=secure)
    return answer


def _address(request: Request) -> str:
    """The address that wrong codes are counted for: that of the connection, or what a proxy which the server trusts says
    (uvicorn's FORWARDED_ALLOW_IPS); no header of anybody else's counts. "" for this computer's own: behind a proxy on it that
    says nothing, it is everybody's.
    """
    host = request.client.host if request.client else ""
    return "" if is_loopback(host) else host


async def sign_out_page(_request: Request) -> Response:
    """Takes the cookie away and goes home."""
    answer = RedirectResponse(f"{base_path()}/", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _form(name: str, refusal: str, status: int = 200) -> Response:
    alert = f'<p role="alert">{html.escape(refusal)}</p>' if refusal else ""
    words = {
        key: html.escape(value)
        for key, value in {
            "title": _("Sign in to Ganvas"),
            "code": _("Class code, or the teacher's PIN"),
            "name": _("Your name"),
            "own": _("Your own code"),
            "help": _(
                "Students choose a code of their own the first time, and give it again later: what you train is yours. "
                "Teachers leave both empty."
            ),
            "button": _("Sign in"),
            "watch": _("Only watch"),
            "value": name,
        }.items()
    }
    page = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{style}</style><h1>{title}</h1>{alert}<form method="post" autocomplete="on">
<label for="code">{code}</label><input id="code" name="code" type="password" maxlength="100" required autofocus>
<label for="name">{name}</label><input id="name" name="name" maxlength="40" autocomplete="username" value="{value}">
<label for="own">{own}</label><input id="own" name="own" type="password" maxlength="100" autocomplete="current-password">
<p><small>{help}</small></p><button>{button}</button></form><p><a href="{home}/">{watch}</a></p></html>"""
    shown = page.format(style=STYLE, alert=alert, home=html.escape(base_path()), **words)
    return HTMLResponse(shown, status, headers={"Cache-Control": "no-store"})


def routes() -> list[Route]:
    """The server's own pages."""
    return [
        Route(f"{base_path()}/sign-in", sign_in_page, methods=["GET", "POST"]),
        Route(f"{base_path()}/sign-out", sign_out_page, methods=["GET"]),
    ]
