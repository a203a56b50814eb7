"""A run as a web page of its own: made in the background, downloaded, or sent to the Hub as a static Space."""

import streamlit as st

from gan_core import hub
from gan_core.config.sentences import LANGUAGES
from gan_core.hub.orders import PAGE, default_repo
from gan_core.jobs.task import Arrays, Task
from gan_core.report import web_page
from gan_core.runs import Run
from pages.components.hub import forms
from pages.components.hub import transfer as hub_transfer
from pages.components.run.menu import OPEN
from pages.components.shared.as_command import as_command, line, out
from pages.components.shared.task_view import outcome
from pages.components.text import _, language

SLOT = "publish"


def publish(run: Run) -> None:
    """Closed until it is wanted: what it is, the form, and what was made."""
    key = f"publish_{run.id}"
    with st.expander(_("Publish as a web page"), icon=":material/public:", key=key, on_change="rerun") as place:
        if not place.open:
            return
        words = _(
            "One page with the recording, the curves and the figures of this run, and where it is small enough the generator "
            "itself, which then runs in the reader's browser. It needs no server and no network."
        )
        st.caption(words)
        wanted = form(run, key)
        if wanted is not None:
            st.session_state[f"{key}_asked"] = wanted
        asked: tuple[Task, str] | None = st.session_state.get(f"{key}_asked")
        if asked is None:
            return
        work, licence = asked
        made = outcome(work, f"{key}_work", lambda _now: _("Makes the page…"))
        if made is not None:
            st.download_button(
                _("Download (zip)"), lambda: web_page.zipped(made, run.name, licence), file_name=f"{run.id}-page.zip",
                key=f"{key}_download", icon=":material/download:", on_click="ignore",
            )  # fmt: skip
            space(run, made, licence, key)


def form(run: Run, key: str) -> tuple[Task, str] | None:
    """Language and licence; the work and the licence once the button is pressed."""
    with st.form(f"{key}_form", border=False):
        left, right = st.columns(2)
        languages = list(LANGUAGES)
        first = languages.index(language()) if language() in languages else 0
        spoken = left.selectbox(
            _("Language"), languages, first, key=f"{key}_language", format_func=LANGUAGES.__getitem__
        )
        licence = right.selectbox(
            _("Licence: what others may do with it"), list(hub.LICENCES), key=f"{key}_licence",
            format_func=lambda name: _(hub.LICENCES[name]),
        )  # fmt: skip
        pressed = st.form_submit_button(_("Make the page"), icon=":material/public:")
    as_command("publish", line("publish", run.id, out=out(run, "-page"), language=spoken, licence=licence))
    if not pressed:
        return None
    return web_page.task(run, spoken), licence


def space(run: Run, made: Arrays, licence: str, key: str) -> None:
    """Sends the page as a static Space."""
    st.markdown(f"**{_('Send it to the Hub as a static Space')}**")
    if st.session_state.get(OPEN) != (run.id, "hub"):  # there the account is on the page already
        forms.account()
    repo = st.text_input(
        _("Space"), default_repo(forms.user(), run.name), key=f"{key}_space_{forms.user()}", max_chars=100,
        help=_("Where it goes on the Hub: your name there, a slash, and a name for the page."),
    )  # fmt: skip
    private = st.toggle(_("Private: only you can see it"), True, key=f"{key}_private")
    as_command("space", line("publish", run.id, space=repo.strip(), public=not private, licence=licence))
    busy = hub_transfer.is_busy(SLOT)
    if st.button(_("Publish"), type="primary", key=f"{key}_send", icon=":material/upload:", disabled=busy):
        forms.attempt_and_rerun(
            lambda: hub_transfer.begin(
                SLOT, hub.Space(repo.strip(), private=private, run=str(run.path)),
                lambda place: web_page.write_files(made, place / PAGE, run.name, licence),
            )
        )  # fmt: skip
    sent = hub_transfer.follow(SLOT)
    if sent is not None:
        seen = _("Only you can see it.") if sent["private"] else _("Everybody can see it.")
        st.success(_("The page is on the Hub.") + " " + seen, icon=":material/check:")
        forms.revision(sent)
        st.link_button(_("Open it on the Hub"), sent["url"], icon=":material/open_in_new:")
