"""A link for the class: an address that opens a page with its settings and hides the rest (`only=1`), and its QR code.

It hides, and forbids nothing: who may do what is `gan_core.access`'s matter, whatever the address says.
"""

import base64
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode, urlsplit

import streamlit as st
from streamlit import config

from gan_core.access import Role
from gan_core.config.addresses import check_host, lan_addresses
from gan_core.config.settings import is_loopback
from gan_core.figures.qr_code import qr_svg
from pages.components.shared import lab, links, visitor
from pages.components.text import _
from pages.components.widgets.copy_text import copy_text
from pages.components.widgets.picture import picture

QR_PX = 420


def follow(page: str) -> bool:
    """Whether this visitor follows a link for the class, from it on to the pages that it leads to: their run, say."""
    if links.only():
        given = {name: value for name, value in st.query_params.to_dict().items() if name != links.TO}
        st.session_state[links.FOLLOWED] = (page, given)
    return links.FOLLOWED in st.session_state


def bar(page: str) -> None:
    """Above the page of a visitor who follows a link: the way back to it, and to everything."""
    if links.FOLLOWED not in st.session_state:
        return
    first, parameters = st.session_state[links.FOLLOWED]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
        if page != first or not links.only():
            st.page_link(
                f"pages/{first}.py", label=_("Back to the class's page"), query_params=parameters, icon=":material/arrow_back:"
            )  # fmt: skip
        st.button(_("Show everything"), key="class_link_leave", type="tertiary", on_click=leave)


def leave() -> None:
    """Shows everything from now on; the settings of the address stay."""
    st.session_state.pop(links.FOLLOWED, None)
    st.query_params.pop(links.ONLY, None)


def may_make() -> bool:
    """Whether the visitor is a teacher, or there is no classroom."""
    who = visitor.actor()
    return who is None or who.role == Role.TEACHER


def class_link(page: str, key: str, of_page: Callable[[], Mapping[str, str] | None], note: str = "") -> None:
    """The button; it opens the address, a button that copies it, and its QR code. Nothing for students, and on a link's own page.

    Args:
        page: the page's name in the address.
        key: begins the widgets' keys.
        of_page: what the address must say to open what is shown now, asked once the button is pressed; None: it cannot be said,
            and why is on the page.
        note: what of the page is not in the address.
    """
    if links.only() or not may_make():
        return
    if st.button(_("Link for the class"), key=key, icon=":material/qr_code_2:"):
        st.dialog(_("Link for the class"))(show)(page, key, of_page, note)


def show(page: str, key: str, of_page: Callable[[], Mapping[str, str] | None], note: str) -> None:
    """What the button opens."""
    parameters = of_page()
    if parameters is None:
        return
    st.caption(_("Opens this page with these settings and hides the rest. It changes nobody's rights."))
    if note:
        st.caption(note)
    origin = lab.attempt(lambda: origin_for_others(key))
    if origin is None:
        return
    address = address_of(origin, page, parameters)
    words = {"label": _("Address"), "copy": _("Copy"), "copied": _("Copied"), "failed": _("Selected: press Ctrl+C")}
    copy_text(address, words, key=f"{key}_copy")
    svg = lab.attempt(lambda: qr_svg(address), "info")
    if svg is None:
        return
    url = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode('ascii')}"
    picture(url, key=f"{key}_qr", alt=address, caption=_("A click shows the code large."), max_width_px=QR_PX)
    st.download_button(
        _("Download the QR code (SVG)"), svg, file_name="ganvas-link.svg", mime="image/svg+xml", key=f"{key}_svg",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def address_of(origin: str, page: str, parameters: Mapping[str, str]) -> str:
    """The whole address."""
    query = urlencode({**parameters, links.ONLY: "1"}, quote_via=quote, safe=",:")
    return f"{origin}{visitor.base_path()}/{page}?{query}"


def origin_for_others(key: str) -> str:
    """Scheme, computer and port as this visitor's browser has them; where that is this computer's own name for itself, one that
    others know it by is asked for.

    Raises:
        ValueError: what was typed is no name or address.
    """
    here = urlsplit(st.context.url or f"http://localhost:{config.get_option('server.port')}")
    if not is_loopback(here.hostname or "localhost"):
        return f"{here.scheme}://{here.netloc}"
    if is_loopback(str(config.get_option("server.address") or "")):
        words = _(
            "This server answers this computer only, so nobody else can open the link yet. For a class, start it as "
            "docs/classroom.md says."
        )
        st.warning(words, icon=":material/warning:")
    known = lan_addresses()
    name = st.text_input(
        _("This computer's name or address in the network"), known[0] if known else "", key=f"{key}_host", max_chars=253,
        help=_("Your browser shows localhost, which on every other computer means that computer itself."),
        placeholder=_("for example 192.168.1.20"),
    )  # fmt: skip
    if not name.strip():
        return f"{here.scheme}://{here.netloc}"
    return f"{here.scheme}://{check_host(name)}" + (f":{here.port}" if here.port else "")
