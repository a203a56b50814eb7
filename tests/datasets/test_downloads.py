"""Downloads, against servers on this machine that stand in for the mirrors: what arrives, and one sentence for what fails.

torchvision lets a mirror's address and the expected sums be set for MNIST; CelebA's Google Drive cannot be replaced, so
only what is done with its answers is tested. The Hub's client takes another address from the environment.
"""

from __future__ import annotations

import gzip
import hashlib
import http.server
import json
import os
import shutil
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import numpy as np
import pytest
from helpers import eventually
from huggingface_hub import HfApi
from PIL import Image

from gan_core import datasets
from gan_core.config import DatasetConfig, settings
from gan_core.datasets import downloads
from gan_core.figures import imaging
from gan_core.jobs import data
from gan_core.jobs.task import Progress, Task, cancel, folder, progress, read_progress, result, start
from gan_core.processes.process import TOKENS

Answer = tuple[int, bytes, dict[str, str]]


@contextmanager
def serving(answer: Callable[[str], Answer], logins: list[str | None] | None = None) -> Iterator[str]:
    """A server on this machine's loopback; gives its address, and keeps who said who they are in `logins`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content, headers = answer(self.path)
            if logins is not None:
                logins.append(self.headers["Authorization"])
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def idx(array: np.ndarray) -> bytes:
    """MNIST's own file format, packed."""
    return gzip.compress(struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes())


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """A tiny MNIST, whose sums torchvision is told to expect."""
    import torchvision

    rng = np.random.default_rng(0)
    files = {}
    for part, count in (("train", 30), ("t10k", 10)):
        files[f"{part}-images-idx3-ubyte.gz"] = idx(rng.integers(0, 255, (count, 28, 28), dtype=np.uint8))
        files[f"{part}-labels-idx1-ubyte.gz"] = idx((np.arange(count) % 10).astype(np.uint8))
    sums = [(name, hashlib.md5(content).hexdigest()) for name, content in files.items()]
    monkeypatch.setattr(torchvision.datasets.MNIST, "resources", sums)
    return files


def test_what_torchvision_fetches_is_what_our_loader_reads(mirror, monkeypatch, tmp_path):
    import torchvision

    seen: list[tuple[int, int]] = []
    with serving(lambda path: (200, mirror[path.lstrip("/")], {})) as address:
        monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [f"{address}/"])
        downloads.download("mnist", tmp_path / "here", lambda done, total: seen.append((done, total)))
    assert seen[-1] == (11_594_722, 11_594_722)
    config = DatasetConfig(name="mnist", root=str(tmp_path / "here"))
    assert datasets.count(config) == 30
    assert datasets.labels(config).sum(0).tolist() == [3] * 10
    assert datasets.count(config.model_copy(update={"split": "test"})) == 10


@pytest.mark.parametrize("answer", [(404, b"", {}), (200, b"not what was asked for", {}), (500, b"", {})])
def test_a_mirror_that_fails_is_a_sentence(mirror, monkeypatch, tmp_path, answer):
    import torchvision

    with serving(lambda path: answer) as address:
        monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [f"{address}/"])
        with pytest.raises(ValueError, match=r"^MNIST could not be fetched \(.+\)\. Check the internet connection"):
            downloads.download("mnist", tmp_path, lambda done, total: None)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RuntimeError("To download files from GDrive, 'gdown' is required."), "pip install gdown"),
        (RuntimeError("File not found or corrupted."), "Google Drive limits the downloads per day"),
        (OSError("Cannot retrieve the public link of the file.\nToo many users"), "Too many users"),
    ],
)
def test_what_google_drive_refuses_says_what_to_do_by_hand(monkeypatch, tmp_path, error, sentence):
    import torchvision

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(torchvision.datasets.CelebA, "download", refuse)
    with pytest.raises(ValueError, match=r"By hand: .*img_align_celeba.zip.*list_attr_celeba.txt") as caught:
        downloads.download("celeba", tmp_path, lambda done, total: None)
    assert sentence in str(caught.value)


def test_an_unknown_name_and_a_folder_that_cannot_be(tmp_path):
    with pytest.raises(ValueError, match="Unknown download 'imagenet'"):
        downloads.download("imagenet", tmp_path, lambda done, total: None)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="cannot be made"):
        downloads.download("mnist", tmp_path / "file" / "below", lambda done, total: None)


@pytest.mark.parametrize("repo", ["", "faces", "a/b/c", "../x", "a b/c", "https://x.y/z"])
def test_what_is_no_repository(repo, tmp_path):
    with pytest.raises(ValueError, match="is named owner/name"):
        downloads.from_hub(repo, tmp_path, lambda done, total: None)


def hub(files: dict[str, bytes], size: int | None = None) -> Callable[[str], Answer]:
    """The few answers of the Hub that fetching a data set needs."""
    commit = "c" * 40
    listed = [{"rfilename": name, "size": len(content) if size is None else size} for name, content in files.items()]
    about = {
        "id": "some/faces",
        "sha": commit,
        "siblings": listed,
        "private": False,
        "tags": [],
        "downloads": 0,
        "likes": 0,
    }
    tree = [{"type": "file", "path": name, "size": len(c), "oid": "0" * 40} for name, c in files.items()]

    def answer(path: str) -> Answer:
        path = path.partition("?")[0]
        if path.startswith("/api/datasets/some/faces"):
            body = json.dumps(tree if "/tree/" in path else about).encode()
            return 200, body, {"Content-Type": "application/json"}
        name = path.removeprefix(f"/datasets/some/faces/resolve/{commit}/")
        if name in files:
            return 200, files[name], {"ETag": f'"{hashlib.sha1(files[name]).hexdigest()}"', "X-Repo-Commit": commit}
        return 404, b"{}", {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"}

    return answer


def command(arguments: list[str], address: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """The command line with the Hub at another address."""
    environment = {**os.environ, "HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"}
    return subprocess.run(
        [sys.executable, "-m", "gan_core", "download", *arguments],
        cwd=settings.PROJECT_DIR, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_repository_of_pictures_is_fetched_from_the_hub(tmp_path):
    files = {
        f"{name}/{i}.png": imaging.png_bytes(Image.new("L", (9, 9), 40 * i))
        for name in ("cat", "dog")
        for i in range(2)
    } | {"README.md": b"# Faces"}
    root = tmp_path / "here"
    with serving(hub(files)) as address:
        done = command(["--from-hub", "some/faces", "--root", str(root), "--json"], address, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "4 pictures" in json.loads(done.stdout.splitlines()[-1])["words"]
    assert datasets.label_names(DatasetConfig(name="folder", root=str(root))) == ("cat", "dog")


@pytest.mark.parametrize("told", [{}, {"own_login": True}])
def test_the_computers_own_login_goes_to_the_hub_only_when_it_may(tmp_path, monkeypatch, told):
    sent: list[str | None] = []
    files = {"a.png": imaging.png_bytes(Image.new("L", (9, 9)))}

    with serving(hub(files), sent) as address:
        code = (
            "from pathlib import Path\nfrom gan_core.datasets import downloads\n"
            f"downloads.from_hub('some/faces', Path({str(tmp_path / 'here')!r}), lambda done, total: None, **{told})\n"
        )
        (tmp_path / "hf").mkdir()
        (tmp_path / "hf" / "token").write_text("hf_of_the_teacher")
        environment = {n: v for n, v in os.environ.items() if n not in (*TOKENS, "HF_HUB_DISABLE_IMPLICIT_TOKEN")}
        environment |= {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"}
        subprocess.run([sys.executable, "-c", code], cwd=settings.PROJECT_DIR, env=environment, timeout=120, check=True)
    assert sent and set(sent) - {None} == ({"Bearer hf_of_the_teacher"} if told else set())


def test_a_repository_without_pictures_an_unknown_one_and_no_hub_at_all(tmp_path):
    with serving(hub({"data.parquet": b"PAR1"})) as address:
        done = command(["--from-hub", "some/faces", "--root", str(tmp_path / "a")], address, tmp_path)
        assert done.returncode == 2
        assert "contains no image files (only .parquet)" in done.stderr
        done = command(["--from-hub", "no/body", "--root", str(tmp_path / "b")], address, tmp_path)
        assert done.returncode == 2
        assert "The Hub refused the data set 'no/body'" in done.stderr
    done = command(["--from-hub", "some/faces", "--root", str(tmp_path / "c")], address, tmp_path)
    assert done.returncode == 2
    assert "could not be fetched" in done.stderr and "internet connection" in done.stderr
    assert "Traceback" not in done.stderr


# ---- the same work as tasks


@pytest.mark.parametrize(
    ("size", "words"), [(10**12, "at most 300,000 with"), (49_999_999_999, "the free space on the disk is")]
)
def test_a_repository_larger_than_what_is_fetched_is_refused_before_a_byte_comes(tmp_path, monkeypatch, size, words):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**9))
    asked: list[str] = []
    answer = hub({"a.png": b""}, size)
    with serving(lambda path: (asked.append(path), answer(path))[1]) as address:
        monkeypatch.setattr(huggingface_hub, "HfApi", lambda token: HfApi(address, token=token))
        with pytest.raises(ValueError, match=words) as refusal:
            downloads.from_hub("some/faces", tmp_path / "here", lambda done, total: None)
    assert "internet" not in str(refusal.value)
    assert len(asked) == 1


def ended(task: Task) -> Progress:
    """How a task stands when it has ended."""
    eventually(lambda: progress(task).state != "running", "the end of the task", timeout_s=120)
    return progress(task)


def test_a_task_tells_how_far_it_is_and_ends_with_the_set_prepared():
    config = DatasetConfig(name="blocks", image_size=8, channels=3, num_images=300)
    assert not datasets.is_prepared(config)
    task = data.preparation(config)
    start(task)
    begun = read_progress(folder(task)).updated_at
    start(data.preparation(config))
    assert progress(task).state in ("running", "done") and read_progress(folder(task)).updated_at >= begun
    assert ended(task).state == "done", progress(task).error
    told = read_progress(folder(task))
    assert (told.done, told.total) == (300, 300)
    assert result(task)["count"] == 300
    assert datasets.is_prepared(config)


def test_a_task_that_fails_has_the_sentence_and_one_that_is_cancelled_leaves_nothing(tmp_path):
    failing = data.preparation(DatasetConfig(name="folder", root=str(tmp_path / "no")))
    start(failing)
    assert ended(failing).state == "failed"
    assert progress(failing).error.startswith("There is no folder")
    config = DatasetConfig(name="faces", image_size=64, channels=3, num_images=30_000)
    long = data.preparation(config)
    start(long)
    cancel(long)
    assert ended(long).state == "cancelled"
    assert not datasets.is_prepared(config)


@pytest.mark.slow
def test_a_task_outlives_its_server(tmp_path):
    config = DatasetConfig(name="blocks", image_size=8, channels=3, num_images=3_000)
    task = data.preparation(config)
    code = (
        "import sys; from gan_core.config import DatasetConfig; from gan_core.jobs import data, task\n"
        "task.start(data.preparation(DatasetConfig.model_validate_json(sys.argv[1])))\n"
    )
    subprocess.run([sys.executable, "-c", code, config.model_dump_json()], cwd=settings.PROJECT_DIR, check=True)
    assert ended(task).state == "done", progress(task).error
    assert datasets.is_prepared(config)


def test_a_download_that_cannot_be_is_its_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    task = data.download("mnist", tmp_path / "file" / "below")
    start(task)
    assert "cannot be made" in ended(task).error


def test_a_repository_is_fetched_as_a_task(tmp_path, monkeypatch):
    files = {"cat/1.png": imaging.png_bytes(Image.new("L", (9, 9))), "README.md": b"# Faces"}
    with serving(hub(files)) as address:
        for name, value in {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"}.items():
            monkeypatch.setenv(name, value)
        task = data.hub_download("some/faces", tmp_path / "here")
        start(task)
        assert ended(task).state == "done", progress(task).error
    assert result(task)["count"] == 1
