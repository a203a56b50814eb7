"""What the pages do with the Hugging Face Hub: who you are there, a run that is sent, a run that is fetched."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from gan_core import hub
from gan_core.hub.orders import default_repo, slug_of
from gan_core.runs import Run
from pages.components.hub import transfer as hub_transfer
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, line
from pages.components.shared.run_card import badge, open_links
from pages.components.text import _, as_text

TOKENS_PAGE = "https://huggingface.co/settings/tokens"
MOST_LISTED = 100
NO_AUTOFILL = "new-password"  # the value that browsers heed


def account() -> None:
    """Whose token is used, and the field for one of your own."""
    st.subheader(_("Your account"))
    source = "session" if hub_transfer.token() else hub.source_of_login()
    sentences = {
        "session": _("Your own token is used. It lives in this browser session only: reload the page, and it is gone."),
        "environment": _(
            "This computer’s token is used (from the variable HF_TOKEN): whoever opens this page acts in its owner’s name."
        ),
        "login": _(
            "This computer’s login is used (from `hf auth login`): whoever opens this page acts in its owner’s name."
        ),
        "": _("There is no token: you can download public runs. To upload, or to see private ones, give a token."),
    }
    st.markdown(sentences[source])
    busy = hub_transfer.is_busy("account")
    with st.container(horizontal=True, vertical_alignment="center"):
        if source and st.button(_("Who am I?"), key="hub_whoami", icon=":material/person:", disabled=busy):
            lab.succeeds(lambda: hub_transfer.begin("account", hub.WhoAmI()))
        if source == "session" and st.button(_("Forget my token"), key="hub_forget", icon=":material/logout:"):
            for name in ("hub_session_token", "hub_transfer_account"):
                st.session_state.pop(name, None)
            st.rerun()
    result = hub_transfer.follow("account")
    if result is not None:
        words = _("The Hub knows you as **{name}**.").format(name=as_text(result["name"]))
        if result["organisations"]:
            names = ", ".join(as_text(name) for name in result["organisations"])
            words += " " + _("Your organisations: {names}.").format(names=names)
        st.success(words, icon=":material/person:")
    with st.expander(_("Use a token of your own"), expanded=not source, icon=":material/key:"):
        words = _(
            "A **token** is a password for programs. Make one with the right to write on [your settings page]({url})."
        )
        st.markdown(words.format(url=TOKENS_PAGE))
        with st.form("hub_token_form", border=False, clear_on_submit=True):
            typed = st.text_input(_("Token"), type="password", key="hub_token", max_chars=200, autocomplete=NO_AUTOFILL)
            if st.form_submit_button(_("Use for this session")) and typed.strip():
                st.session_state["hub_session_token"] = typed.strip()
                lab.succeeds(lambda: hub_transfer.begin("account", hub.WhoAmI()))
                st.rerun()


def user() -> str:
    """The visitor's name on the Hub; empty until it was asked for."""
    transfer = hub_transfer.current("account")
    return str(transfer.progress.result.get("name") or "") if transfer is not None else ""


def upload(run: Run) -> None:
    """Names the repository of a run that has a checkpoint, and sends it."""
    repo = st.text_input(
        _("Repository"), default_repo(user(), run.name), key=f"hub_repo_{run.id}_{user()}", max_chars=100,
        help=_("Where it goes on the Hub: your name there, a slash, and a name for the model."),
    )  # fmt: skip
    private = st.toggle(
        _("Private: only you can see it"), True, key="hub_private",
        help=_("Off: everybody can see and download it. You can change your mind later in its settings on the Hub."),
    )  # fmt: skip
    optimizer = st.toggle(
        _("So that it can be trained further"), False, key="hub_optimizer",
        help=_("Adds the optimisers’ state: about three times the size. Without it the run can be looked at and sampled."),
    )  # fmt: skip
    options = more(run)
    words = _(
        "Sent: settings, curves, pictures, weights, and a model card that explains them. Not sent: your note unless you "
        "say so, names of folders and computers, the log."
    )
    st.caption(words)
    as_command("push", *push_lines(run, repo.strip(), private, optimizer, options))
    busy = hub_transfer.is_busy("upload")
    if st.button(_("Upload"), type="primary", key="hub_upload", icon=":material/upload:", disabled=busy):
        attempt_and_rerun(
            lambda: hub_transfer.begin(
                "upload", hub.Push(str(run.path), repo.strip(), private=private, optimizer=optimizer, **options)
            )
        )
    sent = hub_transfer.follow("upload")
    if sent is not None:
        seen = _("Only you can see it.") if sent["private"] else _("Everybody can see it.")
        st.success(_("Step {step:,} is on the Hub.").format(step=sent["step"]) + " " + seen, icon=":material/check:")
        revision(sent)
        if sent.get("collection"):
            st.caption(_("It is in the collection:"))
            st.code(sent["collection"], language=None, wrap_lines=True)
        st.link_button(_("Open it on the Hub"), sent["url"], icon=":material/open_in_new:")


def push_lines(run: Run, repo: str, private: bool, optimizer: bool, options: Mapping[str, Any]) -> list[str]:
    """The upload as a command, once a repository is named."""
    if not repo:
        return []
    chosen = {
        "public": not private,
        "with_optimizer": optimizer,
        "with_note": options["note"],
        "all_samples": options["grids"],
    }
    others = {name: options[name] for name in ("step", "licence", "collection")}
    return [line("push", run.id, repo, **chosen, **others)]


def more(run: Run) -> dict[str, Any]:
    """The choices that most leave as they are."""
    with st.expander(_("More choices"), icon=":material/tune:"):
        step = st.selectbox(
            _("Checkpoint"), run.checkpoint_steps()[::-1], key=f"hub_step_{run.id}",
            format_func=lambda step: _("step {n:,}").format(n=step),
        )  # fmt: skip
        licence = st.selectbox(
            _("Licence: what others may do with it"), list(hub.LICENCES), key="hub_licence",
            format_func=lambda name: _(hub.LICENCES[name]),
        )  # fmt: skip
        collection = st.text_input(
            _("Collection"), key="hub_collection", max_chars=200, placeholder=_("for example ada/My class"),
            help=_(
                "Puts the run into a collection, which a class can share: the end of its address (user/name-id), or your name, a "
                "slash and a title, to make one. Leave it empty for none."
            ),
        )  # fmt: skip
        note = st.toggle(_("With my note on the run"), False, key="hub_note", disabled=not run.note)
        grids = st.toggle(_("With every grid of samples, not only the last"), False, key="hub_grids")
    return {"step": step, "licence": licence, "note": note and bool(run.note), "grids": grids} | {
        "collection": slug_of(collection)
    }


def download() -> None:
    """Name a repository, fetch its run."""
    repo = st.text_input(_("Repository"), key="hub_from", placeholder=_("for example ada/digits"), max_chars=100)
    wanted = st.text_input(
        _("Revision"), key="hub_revision", placeholder=_("the newest"), max_chars=200,
        help=_("Every upload makes a new version, called a revision. Leave it empty for the newest."),
    )  # fmt: skip
    words = _(
        "Everything is checked before it is opened: names, sizes, hashes, and every number’s place in the architecture. "
        "Files that could run a program (pickles) are refused."
    )
    st.caption(words)
    if repo.strip():
        as_command("pull", line("pull", repo.strip(), revision=wanted.strip()))
    busy = hub_transfer.is_busy("download")
    if st.button(_("Download"), type="primary", key="hub_download", icon=":material/download:", disabled=busy):
        attempt_and_rerun(lambda: hub_transfer.begin("download", hub.Pull(repo.strip(), wanted.strip())))
    fetched = hub_transfer.follow("download")
    if fetched is not None:
        arrived(fetched)


def collection() -> None:
    """The runs in a collection, each with a button that fetches it."""
    st.subheader(_("A collection of a class"))
    typed = st.text_input(
        _("Collection"), key="hub_browse_collection", max_chars=300,
        placeholder=_("for example ada/my-class-64f9a55bb3115b4f513ec026"),
        help=_("The end of its address on the Hub, user/name-id, or the whole address."),
    )  # fmt: skip
    if typed.strip():
        as_command("browse", line("browse", collection=slug_of(typed), limit=MOST_LISTED))
    busy = hub_transfer.is_busy("browse")
    if st.button(_("List its runs"), key="hub_browse", icon=":material/list:", disabled=busy):
        if typed.strip():
            attempt_and_rerun(
                lambda: hub_transfer.begin("browse", hub.Browse(collection=slug_of(typed), limit=MOST_LISTED))
            )
        else:
            st.info(_("Give the address of a collection first."), icon=":material/info:")
    found = hub_transfer.follow("browse")
    if found is None:
        return
    if not found["repositories"]:
        st.info(_("There is no run of Ganvas in this collection."), icon=":material/info:")
    for row in found["repositories"]:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.text(row["repo"], width="stretch")
            st.caption(
                " · ".join(as_text(word) for word in (row["changed"], *row["tags"][:3]) if word), width="content"
            )
            fetching = hub_transfer.is_busy("download")
            if st.button(_("Download"), key=f"hub_fetch_{row['repo']}", icon=":material/download:", disabled=fetching):
                pulled = hub.Pull(row["repo"], row["revision"])
                attempt_and_rerun(partial(hub_transfer.begin, "download", pulled))


def arrived(fetched: Mapping[str, Any]) -> None:
    """The run that came, and where to go with it."""
    run = lab.run_or_none(fetched["id"])
    if run is None:
        st.caption(_("The run that was fetched is not here any more."))
        return
    st.success(_("Here it is, checked and sound."), icon=":material/check:")
    with st.container(border=True):
        badge(run)
        revision(fetched)
        if fetched["weights_only"]:
            st.caption(
                _("It came without the optimisers’ state: look at it and sample from it; it cannot be trained further.")
            )
        with st.container(horizontal=True):
            open_links(run, "hub_fetched")


def revision(result: Mapping[str, Any]) -> None:
    """Repository and commit, to be copied."""
    st.caption(_("Repository and revision (the exact version):"))
    st.code(f"{result['repo']}\n{result['revision']}", language=None, wrap_lines=True)


def attempt_and_rerun(action: Callable[[], None]) -> None:
    """Does something that may be refused, and draws the page anew if it was not."""
    if lab.succeeds(action):
        st.rerun()
