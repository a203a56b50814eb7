"""Bringing data in: a zip of pictures, points drawn by hand or read from a file, a folder, the Hub; and what is here already."""

import streamlit as st

from gan_core.config import settings
from gan_core.datasets import uploads, zip_names, zips
from gan_core.datasets.sources import points
from gan_core.datasets.uploads import Own
from pages.components.data.tasks import hub_panel
from pages.components.shared import lab, undo
from pages.components.shared.as_command import as_command, line
from pages.components.shared.bin_view import bin_view
from pages.components.shared.kept_list import kept_row, tell_damaged
from pages.components.shared.uploads import uploader
from pages.components.text import _, as_text, ngettext
from pages.components.widgets.point_canvas import drawn_points, point_canvas

UPLOAD_MB = 50  # as server.maxUploadSize: an upload lies in the server's memory


def add_view() -> None:
    """All ways to bring data, and the list of what was brought."""
    uploads.sweep()
    added = st.session_state.pop("data_added", None)
    if added is not None:
        st.success(_("“{name}” is here.").format(name=as_text(added)), icon=":material/check:")
    tell_damaged(uploads.damaged())
    mine = uploads.list_own()
    if mine:
        with st.container(border=True):
            st.subheader(_("What you brought"))
            for own in mine:
                own_row(own)
    bin_view(settings.data_dir(), "data", "data-set")
    with st.container(border=True):
        st.subheader(_("A zip of pictures"))
        zip_form()
    with st.container(border=True):
        st.subheader(_("Draw points"))
        points_form()
    with st.container(border=True):
        st.subheader(_("Elsewhere"))
        words = _(
            "**A folder on the computer that Ganvas runs on**, of any size: choose the data set *A folder of pictures* and "
            "name it. **CelebA, MNIST, Fashion-MNIST, CIFAR-10**: choose the data set; it has a button that downloads it. "
            "**The Hugging Face Hub**: repositories that hold picture files."
        )
        st.markdown(words)
        hub_panel()


def own_row(own: Own) -> None:
    """One data set: what it is, look, delete."""
    kind = _("{n:,} pictures") if own.kind == "pictures" else _("{n:,} points")
    words = kind.format(n=own.count)
    if own.classes:
        words += ", " + _("{n} classes").format(n=len(own.classes))
    if own.num_skipped:
        words += ", " + ngettext("{n} file not taken", "{n} files not taken", own.num_skipped).format(n=own.num_skipped)
    look, delete = kept_row(own.name, words)
    look.button(_("Look"), key=f"data_look_{own.id}", on_click=_show, args=(own.id,))
    if delete.button(_("Delete"), key=f"data_delete_{own.id}"):
        confirm_delete(own)


def _show(own_id: str) -> None:
    """Turns the page to this data set; the widgets drawn next have these keys."""
    st.session_state["data_view"], st.session_state["data_name"] = "look", own_id
    st.query_params["data"] = own_id


def confirm_delete(own: Own) -> None:
    """Asks once more, then deletes the data set."""
    st.dialog(_("Delete this data set?"))(_ask)(own)


def _ask(own: Own) -> None:
    st.markdown(
        _(
            "“{name}” goes to the bin, below the list, and can be taken back for 7 days. Runs trained on it stay, but cannot be continued."
        ).format(name=as_text(own.name))
    )
    as_command("delete_data", line("delete", own.id, kind="data-set"))
    if st.button(_("Delete"), type="primary", key=f"data_delete_sure_{own.id}") and lab.succeeds(
        lambda: uploads.delete(own.id)
    ):
        undo.offer_deleted({settings.data_dir() / own.id: own.name})
        st.rerun()


def zip_form() -> None:
    """Upload, name, unpack."""
    words = _(
        "All pictures in one folder, or one folder per class (its name becomes the class), at any depth. PNG, JPEG, BMP, GIF "
        "or WEBP; at most {files:,} files and {mb} MB. Folders for training and testing (*train* and *test*, or *val*) divide "
        "the set. Unused files are listed."
    )
    st.markdown(words.format(files=zips.MAX_ENTRIES, mb=UPLOAD_MB))
    turn = st.session_state.setdefault("data_zip_turn", 0)  # a new key empties the box and frees the server's memory
    file = uploader(_("Zip file"), type="zip", key=f"data_zip_{turn}", max_upload_size=UPLOAD_MB)
    name = st.text_input(
        _("Name of the data set"),
        key=f"data_zip_name_{turn}",
        max_chars=uploads.MAX_NAME,
        placeholder=_("for example: cats and dogs"),
    )
    encoding = st.selectbox(
        _("Encoding of the file names"), ["", *zip_names.KNOWN], format_func=lambda name: name or _("detect"),
        key="data_zip_encoding", help=_("Only for a zip that does not say it itself, as those of older programs: in the wrong one the names of classes are garbled."),
    )  # fmt: skip
    if file is not None:
        as_command("add_zip", line("add-data", file.name, name=name, encoding=encoding))
    if not st.button(_("Unpack"), key="data_zip_go", type="primary", disabled=file is None) or file is None:
        return
    place = st.empty()
    with place.container():
        bar = st.progress(0.0, text=_("Checking the zip…"))
        st.button(_("Cancel"), key="data_zip_cancel", icon=":material/close:")  # a rerun ends this one, and its process

    def show(done: int, total: int) -> None:
        bar.progress(done / total, text=_("Reading the pictures: {done:,} of {total:,}").format(done=done, total=total))

    if lab.succeeds(lambda: uploads.add_zip(file, name or file.name.rsplit(".", 1)[0], show, encoding=encoding)):
        _added(name or file.name.rsplit(".", 1)[0], "data_zip_turn")
    place.empty()


def points_form() -> None:
    """The canvas, a file instead of it, and a name."""
    words = _(
        "Each point is a sample of two numbers: the smallest data set there is, on which you can see everything a GAN "
        "does. Click or drag; with the keyboard, arrows move and Space sprays. Two moons, a ring, your initials: a few "
        "hundred points are enough."
    )
    st.markdown(words)
    turn = st.session_state.setdefault("data_points_turn", 0)
    point_canvas(turn, key="data_canvas")
    drawn = drawn_points(turn, key="data_canvas")
    file = uploader(
        _("or a file of two columns of numbers (CSV or JSON)"), type=["csv", "txt", "tsv", "json"], key=f"data_points_{turn}",
        max_upload_size=10,
    )  # fmt: skip
    name = st.text_input(
        _("Name of the points"), key=f"data_points_name_{turn}", max_chars=uploads.MAX_NAME, placeholder=_("for example: two moons")
    )  # fmt: skip
    if file is not None:
        as_command("add_points", line("add-data", file.name, name=name))
    if not st.button(_("Keep these points"), key="data_points_go", type="primary"):
        return

    def keep() -> None:
        rows = points.parse(file.getvalue(), file.name).tolist() if file is not None else drawn
        uploads.add_points(rows, name)

    if lab.succeeds(keep):
        _added(name, "data_points_turn")


def _added(name: str, turn: str) -> None:
    """Starts the form afresh."""
    st.session_state[turn] += 1
    st.session_state["data_added"] = name
    st.rerun()
