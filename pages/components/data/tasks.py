"""Long work on a data set, watched: preparing and fetching, each in a process of its own, with progress and Cancel."""

import streamlit as st

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets import downloads
from gan_core.datasets.downloads import DOWNLOADS
from gan_core.jobs import data_task
from pages.components.shared import lab
from pages.components.text import _, as_text


def prepare_panel(config: DatasetConfig) -> None:
    """Whether the data set is ready for training, and a button that makes it so."""
    if datasets.is_prepared(config):
        st.caption(_("Ready: training with these settings starts at once."))
        return
    key = f"prepare {config.model_dump_json()}"
    if _under_way(key):
        return
    columns = st.columns([1, 3], vertical_alignment="center")
    columns[1].caption(
        _(
            "Not prepared yet: every picture is read or drawn once, and kept. Training does it by itself when it starts; "
            "for thousands of pictures it takes minutes, so you may do it now."
        )
    )
    if columns[0].button(_("Prepare now"), key="data_prepare", icon=":material/hourglass_top:"):
        data_task.start(key, _("Preparing the images"), data_task.prepare_arguments(config))
        st.rerun()


def download_panel(name: str) -> None:
    """Fetches one of torchvision's sets, if this is one."""
    if name not in DOWNLOADS:
        return
    key, root = f"download {name}", str(downloads.default_root(name))
    if _under_way(key):
        return
    task = data_task.find(key)
    if task is not None and task.state == "done":
        st.success(_("It is here now: {folder}").format(folder=as_text(root)), icon=":material/download_done:")
    entry = DOWNLOADS[name]
    columns = st.columns([1, 3], vertical_alignment="center")
    size = f"{entry.num_bytes / 1e6:,.0f}"
    columns[1].caption(
        _("Fetches {title} (about {size} MB) through torchvision into {folder}.").format(
            title=entry.title, size=size, folder=as_text(root)
        )
    )
    columns[0].button(
        _("Download"),
        key="data_download",
        icon=":material/download:",
        on_click=_fetch,
        args=(key, name, root, entry.title),
    )


def _fetch(key: str, name: str, root: str, title: str) -> None:
    st.session_state[f"data_dataset.root_{name}"] = root
    data_task.start(key, _("Fetching {title}").format(title=title), ["download", name, f"--root={root}", "--json"])


def hub_panel() -> None:
    """Fetches a data set repository of the Hugging Face Hub."""
    repo = st.text_input(
        _("Data set on the Hugging Face Hub"), key="data_hub_repo", placeholder=_("owner/name"), max_chars=200
    ).strip()
    key, root = f"download {repo}", str(downloads.default_root(repo))
    if not repo or _under_way(key):
        return
    task = data_task.find(key)
    if task is not None and task.state == "done":
        words = _("It is in {folder}. Choose the data set “A folder of pictures” and name this folder.")
        st.success(words.format(folder=as_text(root)), icon=":material/download_done:")
        return
    pressed = st.button(_("Download"), key="data_hub_download", icon=":material/download:")
    if pressed and lab.attempt(lambda: downloads.check_repo(repo)):
        data_task.start(key, repo, ["download", f"--from-hub={repo}", f"--root={root}", "--json"])
        st.rerun()


def _under_way(key: str) -> bool:
    """Shows the task with this key: its progress, or why it failed. Returns whether it still runs."""
    task = data_task.find(key)
    if task is None:
        return False
    if task.state == "running":
        _watch(key)
        return True
    if task.state == "failed":
        st.error(as_text(task.error), icon=":material/error:")
    elif task.state == "cancelled":
        st.info(_("Cancelled."), icon=":material/info:")
    return False


@st.fragment(run_every=1.0)
def _watch(key: str) -> None:
    task = data_task.find(key)
    if task is None or task.state != "running":
        st.rerun()
        return
    columns = st.columns([5, 1], vertical_alignment="center")
    done = f"{task.done:,} / {task.total:,}" if task.total else _("starting…")
    columns[0].progress(task.share, text=f"{as_text(task.title)}: {done}")
    if columns[1].button(_("Cancel"), key="data_cancel"):
        task.cancel()
        task.wait(10)
        st.rerun()
