"""Who the present visitor is in a classroom, and the page on which they sign in.

The session is a signed cookie that scripts cannot read. Signing in is a plain form of HTML, answered by the server itself,
because only an answer can set such a cookie.
"""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from streamlit import config
from streamlit.runtime.scriptrunner import get_script_run_ctx

from gan_core.access import VIEWER, Actor, Refused, Role, classroom
from gan_core.config.settings import is_loopback
from pages.components.shared import links
from pages.components.shared.uploads import ASGI, Message, Receive, Send
from pages.components.text import N_, _, as_text, in_language, language, languages, wanted_language

ELSEWHERE = N_("Sign in on this page itself.")
FORM = {
    "title": N_("Sign in to Ganvas"),
    "code": N_("Class code, or the teacher's PIN"),
    "name": N_("Your name"),
    "own": N_("Your own code"),
    "help": N_(
        "Students choose a code of their own the first time, and give it again later: what you train is yours. "
        "Teachers leave both empty."
    ),
    "button": N_("Sign in"),
    "watch": N_("Only watch"),
}
COOKIE, BACK_COOKIE = "ganvas_session", "ganvas_way_back"
FIELD_LIMIT, MAX_WAY_BACK = 200, 4000
COOKIE_LIMIT, BACK_S = 3800, 900  # characters that browsers keep in a cookie; time to sign in elsewhere
OWN_PAGE = re.compile(r"[a-z]+\?[\w.,:%&=+~-]*", re.ASCII)
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
        st.button(_("Sign in with your school's account"), key="visitor_login", on_click=_to_account)
    st.html(
        f'<a href="{html.escape(base_path())}/{page}?lang={language()}{html.escape(_way_back())}" target="_self" style="color:inherit">{html.escape(link)}</a>'
    )


def _way_back() -> str:
    """For the sign-in page: the link for the class that this visitor follows, so that it opens again afterwards."""
    followed = _followed()
    return "&" + urlencode({links.TO: followed}, quote_via=quote) if followed else ""


def _followed() -> str:
    """The link for the class that this visitor follows, as page and parameters, the language aside; "" without one."""
    page, parameters = st.session_state.get(links.FOLLOWED, ("", {}))
    others = {name: value for name, value in parameters.items() if name != "lang"}
    return f"{page}?{urlencode(others, quote_via=quote)}" if page else ""


def _to_account() -> None:
    """Leaves for the school's sign-in page, from an address that says where to come back to: WayBack reads it there."""
    if followed := _followed():
        st.query_params[links.TO] = f"{followed}&lang={language()}"
    st.login()


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
    """GET: the form. POST: sets the cookie and goes home, or the form with the refusal. In the language that the address asks for
    (`?lang=`), else the browser's."""
    spoken = _language_of(request)
    if request.method == "GET":
        return _form(spoken, "", "")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return _form(spoken, "", ELSEWHERE, 403)
    sent = {name: value[:FIELD_LIMIT] for name, value in (await request.form()).items() if isinstance(value, str)}
    try:
        token = classroom.sign_in(
            sent.get("code", ""),
            sent.get("name", ""),
            sent.get("own", ""),
            address=_address(request),
        )
    except ValueError as refusal:
        return _form(spoken, sent.get("name", ""), str(refusal), 403)
    answer = RedirectResponse(_wanted(request, spoken), 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, token, max_age=classroom.SESSION_S, httponly=True, samesite="strict", secure=secure)
    return answer


def _language_of(request: Request) -> str:
    """The language that a request asks for."""
    locale = request.headers.get("accept-language", "").split(",")[0].split(";")[0].strip()
    return wanted_language(request.query_params.get("lang", ""), locale)


def _home(name: str) -> str:
    """The address of the first page in a language."""
    return f"{base_path()}/?lang={name}"


def _wanted(request: Request, name: str) -> str:
    """Where to go after signing in: the page of ours that the address names (`to=`), else the first page."""
    page = request.query_params.get(links.TO, "")
    return f"{base_path()}/{page}&lang={name}" if _is_own(page) else _home(name)


def _is_own(page: str) -> bool:
    """Whether this is the address of a page of ours with parameters, and of nothing else."""
    return len(page) <= MAX_WAY_BACK and OWN_PAGE.fullmatch(page) is not None


class WayBack:
    """ASGI middleware: whoever signs in with an account of the school comes back to the link for the class.

    Streamlit's `st.login` ends at the first page, always, and in a session that knows nothing of the one before. So the address from
    which a browser leaves (`?to=`, see `_to_account`; it arrives as the referrer) is kept in a cookie until the browser returns. A way
    back that is too long for a cookie leads to the first page.
    """

    def __init__(self, app: ASGI) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Passes everything on; a redirect to the provider takes the cookie, the one back follows it and takes it away."""
        place = scope.get("path", "").removeprefix(base_path())
        if scope["type"] != "http" or place not in ("/auth/login", "/oauth2callback"):
            await self.app(scope, receive, send)
            return
        request = Request(scope)

        async def send_with_way_back(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 302:
                headers = MutableHeaders(scope=message)
                (_leave if place == "/auth/login" else _return)(request, headers)
            await send(message)

        await self.app(scope, receive, send_with_way_back)


def _leave(request: Request, headers: MutableHeaders) -> None:
    """Keeps the way back that the referrer names, or forgets an earlier one."""
    asked = parse_qs(urlsplit(request.headers.get("referer", "")).query)
    back = asked.get(links.TO, [""])[0]
    kept = quote(back, safe="") if _is_own(back) else ""
    _keep(request, headers, kept if len(kept) <= COOKIE_LIMIT else "")


def _return(request: Request, headers: MutableHeaders) -> None:
    """Leads to the way back instead of the first page."""
    back = unquote(request.cookies.get(BACK_COOKIE, ""))
    if _is_own(back):
        headers["location"] = f"{base_path()}/{back}"
        _keep(request, headers, "")


def _keep(request: Request, headers: MutableHeaders, value: str) -> None:
    """Sets the cookie of the way back, or takes it away. Lax: the provider's redirect comes from another site."""
    answer = Response()
    secure, path = request.url.scheme == "https", base_path() or "/"
    age = BACK_S if value else 0
    answer.set_cookie(BACK_COOKIE, value, age, path=path, httponly=True, samesite="lax", secure=secure)
    headers.append("set-cookie", answer.headers["set-cookie"])


def _address(request: Request) -> str:
    """The address that wrong codes are counted for: that of the connection, or what a proxy which the server trusts says
    (uvicorn's FORWARDED_ALLOW_IPS); no header of anybody else's counts. "" for this computer's own: behind a proxy on it that
    says nothing, it is everybody's.
    """
    host = request.client.host if request.client else ""
    return "" if is_loopback(host) else host


async def sign_out_page(request: Request) -> Response:
    """Takes the cookie away and goes home."""
    answer = RedirectResponse(_home(_language_of(request)), 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _form(language: str, name: str, refusal: str, status: int = 200) -> Response:
    """The page in a language, with a name that was typed and why it was refused."""
    say = in_language(language)
    alert = f'<p role="alert">{html.escape(say(refusal))}</p>' if refusal else ""
    others = " · ".join(
        f"<b>{html.escape(own)}</b>"
        if key == language
        else f'<a href="?lang={key}" lang="{tag(key)}">{html.escape(own)}</a>'
        for key, own in languages().items()
    )
    words = {key: html.escape(say(text)) for key, text in FORM.items()}
    page = """<!doctype html><html lang="{tag}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{style}</style><h1>{title}</h1>{alert}<form method="post" action="?lang={language}" autocomplete="on">
<label for="code">{code}</label><input id="code" name="code" type="password" maxlength="100" required autofocus>
<label for="name">{name}</label><input id="name" name="name" maxlength="40" autocomplete="username" value="{value}">
<label for="own">{own}</label><input id="own" name="own" type="password" maxlength="100" autocomplete="current-password">
<p><small>{help}</small></p><button>{button}</button></form><p><a href="{home}">{watch}</a></p><nav>{others}</nav></html>"""
    shown = page.format(
        style=STYLE, alert=alert, home=html.escape(_home(language)), others=others, tag=tag(language), language=language,
        value=html.escape(name), **words,
    )  # fmt: skip
    return HTMLResponse(shown, status, headers={"Cache-Control": "no-store"})


def tag(language: str) -> str:
    """A language as HTML names it."""
    return language.replace("_", "-")


def routes() -> list[Route]:
    """The server's own pages."""
    return [
        Route(f"{base_path()}/sign-in", sign_in_page, methods=["GET", "POST"]),
        Route(f"{base_path()}/sign-out", sign_out_page, methods=["GET"]),
    ]
