"""Long work on a data set, watched: preparing and fetching, tasks that all viewers share, with progress and Cancel."""

from pathlib import Path

import streamlit as st

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets import downloads
from gan_core.datasets.downloads import DOWNLOADS
from gan_core.jobs import data, task
from gan_core.jobs.task import Progress, Task
from pages.components.shared import lab, task_view
from pages.components.shared.as_command import as_command, line
from pages.components.text import _, as_text, titled


def prepare_panel(config: DatasetConfig) -> None:
    """Whether the data set is ready for training, and a button that makes it so."""
    if datasets.is_prepared(config):
        st.caption(_("Ready: training with these settings starts at once."))
        return
    preparation = data.preparation(config)
    if under_way(preparation, "data", _counted(_("Preparing the images"))):
        return
    columns = st.columns([1, 3], vertical_alignment="center")
    words = _(
        "Not prepared yet. Training prepares the pictures when it starts. For thousands of pictures that "
        "takes minutes, so you can do it now."
    )
    columns[1].caption(words)
    pressed = columns[0].button(_("Prepare now"), key="data_prepare", icon=":material/hourglass_top:")
    chosen = {"split": config.split, "image_size": config.image_size, "channels": config.channels}
    as_command(
        "prepare", line("prepare", config.name, root=config.root, num_images=config.num_images or None, **chosen)
    )
    if pressed and _begin(preparation):
        st.rerun()


def download_panel(name: str) -> None:
    """Fetches one of torchvision's sets, if this is one."""
    if name not in DOWNLOADS:
        return
    entry, root = DOWNLOADS[name], downloads.default_root(name)
    download = data.download(name, root)
    if under_way(download, "data_download", _counted(_("Fetching {title}").format(title=entry.title))):
        return
    if came(download):
        st.success(_("It is here now: {folder}").format(folder=as_text(str(root))), icon=":material/download_done:")
    columns = st.columns([1, 3], vertical_alignment="center")
    size = f"{entry.num_bytes / 1e6:,.0f}"
    columns[1].caption(
        _("Fetches {title} (about {size} MB) through torchvision into {folder}.").format(
            title=entry.title, size=size, folder=as_text(str(root))
        )
    )
    columns[0].button(
        _("Download"), key="data_download", icon=":material/download:", on_click=_fetch, args=(download, name)
    )
    as_command("download", line("download", name))


def _fetch(download: Task, name: str) -> None:
    st.session_state[f"data_dataset.root_{name}"] = str(downloads.default_root(name))
    _begin(download)


def hub_panel() -> None:
    """Fetches a data set repository of the Hugging Face Hub."""
    repo = st.text_input(
        _("Data set on the Hugging Face Hub"), key="data_hub_repo", placeholder=_("owner/name"), max_chars=200
    ).strip()
    root = downloads.default_root(repo)
    download = data.hub_download(repo, root)
    if not repo or under_way(download, "data_hub", _counted(repo)):
        return
    if came(download):
        words = _("It is here now: {folder}").format(folder=as_text(str(root)))
        st.success(words, icon=":material/download_done:")
        st.button(_("Look"), key="data_hub_look", on_click=_look, args=(root,), icon=":material/arrow_forward:")
        return
    pressed = st.button(_("Download"), key="data_hub_download", icon=":material/download:")
    as_command("data_hub", line("download", from_hub=repo))
    if pressed and lab.succeeds(lambda: data.check_hub_download(repo)) and _begin(download):
        st.rerun()


def _look(root: Path) -> None:
    """Turns the page to a folder of pictures; the widgets drawn next have these keys."""
    session = st.session_state
    session["data_view"], session["data_name"], session["data_dataset.root_folder"] = "look", "folder", str(root)
    st.query_params["data"] = "folder"


def _begin(wanted: Task) -> bool:
    """Starts a task anew, unless it runs. Returns whether it could."""
    watch(wanted)
    return lab.succeeds(lambda: task.start(wanted, anew=True))


def _counted(title: str) -> task_view.Words:
    """A bar's text: what is done, and how much of it."""

    def words(now: Progress) -> str:
        done = f"{now.done:,} / {now.total:,}" if now.total else _("starting…")
        return titled(as_text(title), done)

    return words


def under_way(wanted: Task, key: str, words: task_view.Words, note: str = "") -> bool:
    """Shows a task's progress, or to who watched it how it ended. Returns whether it still runs. As `task_view.follow`."""
    now = task.progress(wanted)
    if now.state == "running":
        watch(wanted)
        task_view.follow(wanted, key, words, task.progress, task.cancel, note=note, command=task_view.command(wanted))
        return True
    if task.folder(wanted) in _watched():
        task_view.show_end(key, now)
    return False


def came(wanted: Task) -> bool:
    """Whether this visitor saw the task end well; the folder may be gone on another day."""
    return task.folder(wanted) in _watched() and task.progress(wanted).state == "done"


def watch(wanted: Task) -> None:
    """Lets this visitor be told how a task ends."""
    _watched().add(task.folder(wanted))


def _watched() -> set[Path]:
    """The folders of the tasks that this visitor began or saw at work."""
    watched: set[Path] = st.session_state.setdefault("data_watched", set())
    return watched
