"""A run as a zip: what comes back is the run, to the last bit; what is no run, or a hostile one, is refused in a sentence."""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import outcome

from gan_core.exchange import run_zip
from gan_core.runs import Run, list_runs, portable
from gan_core.training import loop


@pytest.fixture
def packed(stopped: Run, tmp_path: Path) -> Path:
    path = tmp_path / "mine.zip"
    run_zip.write(stopped, path)
    return path


def test_a_zip_brings_the_same_checkpoint_and_training_goes_on_as_if_nothing_had_been(
    command, stopped: Run, tmp_path: Path
) -> None:
    path, there = tmp_path / "mine.zip", tmp_path / "there"
    status, out, err = command("export", "My digits", "--as", "zip", "--out", path, "--every-checkpoint")
    assert (status, err) == (0, "") and "until step 10" in out
    status, out, err = command("import", path, "--runs-dir", there)
    assert (status, err) == (0, "")
    (run,) = list_runs(there)
    assert out == f"{run.path}\n"
    assert (run.name, run.note, run.status().state, run.trainable_steps()) == ("My digits", "", "stopped", [0, 5, 10])
    assert run.metrics() == stopped.metrics() and run.sample_steps() == stopped.sample_steps()
    for step in run.checkpoint_steps():
        for kind in portable.CHECKPOINT_KINDS:
            name = portable.checkpoint_name(step, kind)
            assert (run.path / name).read_bytes() == (stopped.path / name).read_bytes()
    for one in (run, stopped):
        one.command("run")
        assert loop.train(one).state == "finished"
    assert outcome(run) == outcome(stopped)


def test_a_zip_tells_nothing_of_its_machine_and_is_the_same_each_time(stopped: Run, tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        run_zip.write(stopped, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        content = b"".join(archive.read(name) for name in archive.namelist() if not name.endswith(".safetensors"))
        assert not {"control.json", ".lock", "log.txt"} & set(archive.namelist())
    for private in (str(tmp_path), str(Path.home()), "only for me"):
        assert private.encode() not in content


def test_a_run_directory_that_was_zipped_by_hand_is_read_too(stopped: Run, tmp_path: Path) -> None:
    path = tmp_path / "by-hand.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in stopped.path.rglob("*"):
            archive.write(file, Path("my run", file.relative_to(stopped.path)))
        archive.writestr("__MACOSX/my run/._config.json", b"what a Mac adds")
    assert run_zip.read(path, tmp_path / "there").trainable_steps() == [0, 5, 10]


def rewritten(path: Path, change: Callable[[str, bytes], tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(path) as archive:
        content = [change(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content:
            archive.writestr(name, data)


def with_entry(name: str, data: bytes = b"x", mode: int = 0) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with zipfile.ZipFile(path, "a") as archive:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, data)

    return change


def flipped(path: Path) -> None:
    def change(name: str, data: bytes) -> tuple[str, bytes]:
        return name, data[:-1] + bytes([data[-1] ^ 1]) if name.endswith("model.safetensors") else data

    rewritten(path, change)


def as_if_wider(path: Path) -> None:
    def change(name: str, data: bytes) -> tuple[str, bytes]:
        if name != "config.json":
            return name, data
        config = json.loads(data)
        config["network"]["width"] *= 2
        return name, json.dumps(config).encode()

    rewritten(path, change)


def without(name: str) -> Callable[[Path], None]:
    return lambda path: rewritten(path, lambda inner, data: (f"other/{inner}" if inner == name else inner, data))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("config.json", "manifest.json"):
            archive.writestr(name, b"{}")
        archive.writestr("checkpoints/step-00000001/model.safetensors", bytes(30_000_000))


def with_manifest(content: bytes) -> Callable[[Path], None]:
    return lambda path: rewritten(path, lambda name, data: (name, content if name == "manifest.json" else data))


def doubled(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a/config.json", "b/config.json"):
            archive.writestr(name, b"{}")


def many(count: int) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with zipfile.ZipFile(path, "a") as archive:
            for number in range(count):
                archive.writestr(str(number), b"")

    return change


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (with_entry("../evil.json"), "contains a path outside itself"),
        (with_entry("/etc/evil.json"), "contains a path outside itself"),
        (with_entry("weights.pt"), "holds 'weights.pt', a pickle or a format that may hold one"),
        (with_entry("pinned.json", b"target", stat.S_IFLNK | 0o777), "is a link"),
        (with_entry("config.json", b"{}"), "two files of one name"),
        (flipped, "model.safetensors is damaged: its hash is not the one"),
        (as_if_wider, "ema.safetensors has shape .* the architecture needs"),
        (without("manifest.json"), "is no run of Ganvas: it has no manifest.json"),
        (with_manifest(b"{'"), "manifest.json is damaged"),
        (with_manifest(b"[1, 2]"), "is not in the run's manifest"),
        (with_manifest(b"[" * 100_000), "manifest.json is damaged: .* nested deeper"),
        (doubled, "holds 2 runs, in folders of their own"),
        (many(5_000), "has more than 5,000 files"),
        (many(30_000), "lists too many files"),
        (cut, "not a zip, or it is cut short"),
        (bomb, "more than 100-fold"),
        (lambda path: path.write_bytes(b"<html><body>404"), "it is a web page"),
        (Path.unlink, "cannot be read"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_is_no_sound_run_is_refused_and_leaves_nothing(
    packed: Path, tmp_path: Path, change: Callable[[Path], None], rule: str
) -> None:
    change(packed)
    with pytest.raises(ValueError, match=rule) as refusal:
        run_zip.read(packed, tmp_path / "there")
    assert "\n" not in str(refusal.value)
    assert list_runs(tmp_path / "there") == []
    assert [path for path in (tmp_path / "there").rglob("*") if path.is_file()] == []
    assert not (tmp_path / "evil.json").exists()


def test_a_run_without_a_checkpoint_is_not_packed(stopped: Run, tmp_path: Path) -> None:
    for step in stopped.checkpoint_steps():
        stopped.checkpoint_dir(step).rename(tmp_path / f"gone-{step}")
    with pytest.raises(ValueError, match="has no checkpoint yet"):
        run_zip.write(stopped, tmp_path / "mine.zip")
    assert not (tmp_path / "mine.zip").exists()
