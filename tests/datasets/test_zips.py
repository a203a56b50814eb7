"""Zips from strangers: what is taken, what is refused, and that a refusal leaves nothing behind."""

from __future__ import annotations

import io
import os
import resource
import stat
import struct
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_core import datasets
from gan_core.config import DatasetConfig, settings
from gan_core.datasets import uploads, zips
from gan_core.processes.guarded import Patience


def png(colour: int = 0, size: tuple[int, int] = (9, 8)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (colour, 20, 30)).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    buffer.seek(0)
    return buffer


def refused(file: io.BytesIO, pattern: str) -> None:
    """One sentence, and no folder left."""
    with pytest.raises(ValueError, match=pattern) as caught:
        uploads.add_zip(file, "mine")
    assert str(caught.value).endswith((".", ")"))
    assert uploads.list_own() == []
    assert not list(settings.data_dir().iterdir())


def test_a_zip_of_class_folders_becomes_a_data_set_with_classes():
    entries = {f"{name}/{i}.png": png(10 * i) for name in ("dog", "cat") for i in range(3)}
    seen: list[tuple[int, int]] = []
    own = uploads.add_zip(zipped(entries), "  Cats & dogs ", lambda done, total: seen.append((done, total)))
    assert (own.name, own.kind, own.count, own.classes, own.skipped) == (
        "Cats & dogs",
        "pictures",
        6,
        ("cat", "dog"),
        (),
    )
    assert uploads.list_own() == [own] and uploads.find(own.id) == own
    assert seen[-1] == (6, 6)
    data = datasets.prepare(DatasetConfig(name=own.dataset, root=own.root, image_size=8, channels=3))
    assert data.label_names == ("cat", "dog")
    assert data.labels.sum(0).tolist() == [3, 3]
    assert sorted(data.images[:3, 0, 0, 0].tolist()) == [0, 10, 20]


def test_a_folder_around_everything_and_what_systems_add_is_left_out():
    entries = {
        "my set/a/1.png": png(),
        "my set/b/2.PNG": png(),
        "__MACOSX/my set/a/._1.png": b"x",
        "my set/.DS_Store": b"x",
    }
    own = uploads.add_zip(zipped(entries), "x")
    assert (own.count, own.classes, own.num_skipped) == (2, ("a", "b"), 0)


def test_train_and_test_folders_divide_the_set():
    own = uploads.add_zip(zipped({"train/a/1.png": png(1), "train/b/2.png": png(2), "test/a/3.png": png(3)}), "x")
    config = DatasetConfig(name="folder", root=own.root, image_size=8, channels=3)
    assert datasets.count(config) == 2
    assert datasets.prepare(config.model_copy(update={"split": "test"})).images[:, 0, 0, 0].tolist() == [3]


def test_one_bad_picture_and_other_files_are_named_and_the_good_ones_kept():
    entries = {
        "a.png": png(),
        "broken.png": png()[:40],
        "notes.txt": b"hello",
        "x.png": png(),
        "evil.png": b"<svg>",
    }
    own = uploads.add_zip(zipped(entries), "x")
    assert (own.count, own.classes, own.num_skipped) == (2, (), 3)
    reasons = dict(own.skipped)
    assert reasons["notes.txt"] == "not an image."
    assert "not a readable picture" in reasons["broken.png"] and "not a readable picture" in reasons["evil.png"]


def test_the_names_on_disk_are_ours():
    entries = {"a b;$(rm)/../x".replace("/../", "_") + "/\u202egnp.png": png(), "ok/" + "n" * 200 + ".png": png()}
    own = uploads.add_zip(zipped(entries), "../../etc <b>")
    files = sorted(path.relative_to(own.root).as_posix() for path in Path(own.root).rglob("*.png"))
    assert files == ["a b;$(rm)_x/00001.png", "ok/00002.png"]
    assert Path(own.root).parent.parent == settings.data_dir()


def test_no_zip_at_all():
    refused(io.BytesIO(png()), "not a zip")
    refused(io.BytesIO(b""), "not a zip")


def test_a_zip_that_is_cut_short_or_spoilt():
    whole = zipped({f"{i}.png": png(i) for i in range(5)}).getvalue()
    refused(io.BytesIO(whole[: len(whole) // 2]), "not a zip|cut short")
    spoilt = bytearray(whole)
    spoilt[whole.rfind(b"PK\x01\x02") : whole.rfind(b"PK\x01\x02") + 4] = b"XXXX"
    refused(io.BytesIO(bytes(spoilt)), "damaged")


def test_a_zip_whose_beginning_is_lost_gives_what_is_whole():
    own = uploads.add_zip(io.BytesIO(zipped({f"{i}.png": png(i) for i in range(5)}).getvalue()[40:]), "x")
    assert own.count == 4
    assert dict(own.skipped)["0.png"].startswith("damaged")


def test_a_zip_without_pictures_or_empty():
    refused(zipped({"a.txt": b"x", "b.csv": b"y"}), r"no readable image \(2 other files\).*a\.txt: not an image")
    refused(zipped({}), r"no readable image \(0 other files\)")


@pytest.mark.parametrize(
    "name", ["../x.png", "a/../../x.png", "/etc/x.png", "C:/x.png", "C:\\x.png", "..\\..\\x.png", "\\\\host\\x.png"]
)
def test_a_name_that_leads_outside_refuses_the_zip(name):
    refused(zipped({"good.png": png(), name: png()}), "contains a path outside itself")


def test_a_class_named_like_a_drive_is_left_out():
    files = {"a/C:/x.png": png(1), "a/D:x/x.png": png(2), "a/cat/x.png": png(3)}
    own = uploads.add_zip(zipped(files), "drives")
    assert own.count == 1
    assert dict(own.skipped) == dict.fromkeys(("a/C:/x.png", "a/D:x/x.png"), "the name of its folder cannot be used.")


def test_a_link_refuses_the_zip():
    buffer = zipped({"good.png": png()})
    with zipfile.ZipFile(buffer, "a") as archive:
        link = zipfile.ZipInfo("link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    refused(buffer, r"'link\.png' in the zip is a link")


def test_an_archive_in_the_zip_refuses_it():
    refused(
        zipped({"good.png": png(), "inner.ZIP": zipped({"x.png": png()}).getvalue()}), r"another archive, 'inner\.ZIP'"
    )


def test_an_encrypted_zip():
    content = bytearray(zipped({"a.png": png()}).getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flag of encryption, in both headers
        content[content.find(mark) + offset] |= 1
    refused(io.BytesIO(bytes(content)), "encrypted")


def test_a_ratio_bomb_is_not_unpacked():
    bomb = zipped({"bomb.png": b"\0" * 20_000_000})
    assert len(bomb.getvalue()) < 30_000
    refused(bomb, "grow more than 100-fold")


def test_an_overlap_bomb_is_not_unpacked():
    """Many entries that share one body, after David Fifield's "A better zip bomb" (2019): full overlap."""
    body = np.random.default_rng(0).bytes(40_000)
    one = zipped({"0.png": body}, zipfile.ZIP_STORED).getvalue()
    start = one.find(b"PK\x01\x02")
    entry = bytearray(one[start : one.find(b"PK\x05\x06")])
    directory = bytearray()
    for index in range(50):
        entry[46:51] = f"{index % 10}.png".encode()
        directory += entry
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 50, 50, len(directory), start, 0)
    refused(io.BytesIO(one[:start] + bytes(directory) + end), "overlap")


def test_a_list_of_contents_too_long_to_read_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("it was read"))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65_535, 65_535, 60_000_000, 0, 0)
    refused(io.BytesIO(b"PK\x03\x04" + end), "lists too many files")


def test_too_many_files_and_too_many_bytes(monkeypatch):
    monkeypatch.setattr(zips, "MAX_ENTRIES", 3)
    refused(zipped({f"{i}.png": png(i) for i in range(4)}), "holds 4 files; at most 3")
    monkeypatch.setattr(zips, "MAX_TOTAL_BYTES", 150)
    refused(zipped({f"{i}.png": png(i) for i in range(3)}), "would have .* bytes; at most 150")


def test_a_picture_of_too_many_pixels_is_left_out():
    own = uploads.add_zip(zipped({"big.png": png(size=(5000, 4000)), "good.png": png()}), "x")
    assert own.count == 1 and "at most 16,000,000" in dict(own.skipped)["big.png"]


def test_a_deleted_set_is_gone_and_the_others_stay():
    first, second = (uploads.add_zip(zipped({"a.png": png()}), name) for name in ("one", "two"))
    assert [own.name for own in uploads.list_own()] == ["two", "one"]
    uploads.delete(first.id)
    assert uploads.list_own() == [second]
    with pytest.raises(ValueError, match="may have been deleted"):
        uploads.delete(first.id)
    with pytest.raises(ValueError, match="may have been deleted"):
        uploads.delete("../..")


def test_leftovers_are_swept_once_they_are_old_and_strange_folders_stay():
    uploads.add_zip(zipped({"a.png": png()}), "one")
    for name in (".incoming-old", ".incoming-new", "strange", "pictures-broken-00"):
        (settings.data_dir() / name).mkdir()
    os.utime(settings.data_dir() / ".incoming-old", (time.time() - 7200,) * 2)
    assert uploads.sweep() == 1
    assert len(uploads.list_own()) == 1
    assert not (settings.data_dir() / ".incoming-old").exists()
    assert (settings.data_dir() / ".incoming-new").exists() and (settings.data_dir() / "strange").exists()


@pytest.mark.parametrize(("name", "rule"), [("", "a name"), ("   ", "a name"), ("x" * 81, "81 characters; at most 80")])
def test_a_name_that_cannot_be(name, rule):
    with pytest.raises(ValueError, match=rule):
        uploads.add_zip(zipped({"a.png": png()}), name)


def test_a_data_folder_that_cannot_be_written_is_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GANVAS_DATA_DIR", str(tmp_path / "file" / "data"))
    with pytest.raises(ValueError, match=r"cannot be written .* GANVAS_DATA_DIR"):
        uploads.add_zip(zipped({"a.png": png()}), "x")


def renamed(file: io.BytesIO, name: bytes, start: int = 46) -> io.BytesIO:
    """The zip with other bytes in the name of its last entry, in the list of contents only."""
    content = bytearray(file.getvalue())
    at = content.rfind(b"PK\x01\x02") + start
    content[at : at + len(name)] = name
    return io.BytesIO(bytes(content))


@pytest.mark.parametrize("name", [b"\0", b"\0.png", b"a\0png"])
def test_an_entry_without_a_name_or_with_one_that_ends_early_refuses_the_zip(name):
    refused(renamed(zipped({"a.png": png()}), name), "has no name, or a truncated one")


@pytest.mark.parametrize(
    "name", ["./a.png", "a b/.png", "a\\b.png", "." * 5 + "png", "~/a.png", "\u202e.png", "a/b/../.png"]
)
def test_odd_names_are_taken_or_refused_and_never_crash(name):
    try:
        own = uploads.add_zip(zipped({name: png(), "good.png": png()}), "x")
    except ValueError as refusal:
        assert any(rule in str(refusal) for rule in ("outside itself", "images are next to"))
    else:
        assert {path.parent.parent for path in Path(own.root).rglob("*.png")} <= {Path(own.root), Path(own.root).parent}


def test_a_unicode_name_beside_the_plain_one_is_checked_too(monkeypatch):
    entry = zipfile.ZipInfo("good.png")
    entry.filename = "../evil.png"  # what later versions of zipfile make of the field of Unicode
    with pytest.raises(ValueError, match="outside itself"):
        zips.check_names("good.png", entry)


def zip64(count: int, length: int, start: int = 0, signature: bytes = b"PK\6\6") -> bytes:
    """ZIP64's own end record and its pointer, then an end record that leaves all to them."""
    record = struct.pack("<4sQ2H2L4Q", signature, 44, 45, 45, 0, 0, count, count, length, start)
    pointer = struct.pack("<4sLQL", b"PK\6\7", 0, start + length, 1)
    return record + pointer + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65_535, 65_535, 0xFFFFFFFF, 0xFFFFFFFF, 0)


def test_a_list_of_contents_that_is_too_long_is_refused_before_it_is_read():
    entry = b"PK\1\2" + bytes([20, 3, 20]) + bytes(21) + b"\1\0" + bytes(16) + b"a"
    assert len(entry) == 47
    refused(io.BytesIO(entry * 200_000 + zip64(200_000, 47 * 200_000)), "lists too many files")
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 60_000, 60_000, 47 * 60_000, 0, 0)
    refused(io.BytesIO(entry * 60_000 + end), "lists too many files")
    refused(io.BytesIO(entry + zip64(1, 47, signature=b"PK\0\0")), "a damaged end")


def test_a_small_zip_with_the_end_record_of_large_ones_is_read():
    content = zipped({"cat/a.png": png(), "dog/b.png": png()}).getvalue()
    end = content.rfind(b"PK\5\6")
    size, start = struct.unpack("<LL", content[end + 12 : end + 20])
    own = uploads.add_zip(io.BytesIO(content[:end] + zip64(2, size, start)), "x")
    assert (own.count, own.classes, own.skipped) == (2, ("cat", "dog"), ())


def test_entries_whose_sizes_are_in_fields_of_64_bits_are_read():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("a/1.png", "b/2.png"):
            with archive.open(name, "w", force_zip64=True) as entry:
                entry.write(png())
    buffer.seek(0)
    assert uploads.add_zip(buffer, "x").classes == ("a", "b")


@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><title>Quota exceeded</title>", b"\xef\xbb\xbf\n <HTML>", b"<!-- x --><html lang=en>"]
)
def test_a_web_page_in_place_of_a_zip_is_told(page):
    refused(io.BytesIO(page), "it is a web page")


def test_backslashes_part_folders():
    assert uploads.add_zip(zipped({"set\\a\\1.png": png(), "set\\b\\2.png": png()}), "x").classes == ("a", "b")


def test_of_two_files_of_one_name_the_last_is_taken_and_the_other_named():
    with pytest.warns(UserWarning, match="Duplicate"):
        buffer = zipped({"a.png": png(1)})
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.writestr("a.png", png(2))
    own = uploads.add_zip(buffer, "x")
    assert (own.count, dict(own.skipped)) == (1, {"a.png": "another file of the same name follows."})


def with_names(names: list[bytes]) -> io.BytesIO:
    """A zip of pictures whose names are exactly these bytes, without the flag of UTF-8."""
    plain = [f"{index:03d}" + "x" * (len(name) - 3) for index, name in enumerate(names)]
    content = zipped(dict.fromkeys(plain, png()), zipfile.ZIP_STORED).getvalue()
    for before, name in zip(plain, names, strict=True):
        content = content.replace(before.encode(), name)
    return io.BytesIO(content)


def test_names_in_an_older_encoding_are_read_asked_for_and_corrected():
    clear = [f"資料集/{name}/圖.png".encode("cp950") for name in ("貓咪", "功課")]  # a byte of the last is a backslash
    own = uploads.add_zip(with_names(clear), "x")
    assert (own.classes, own.encoding) == (("功課", "貓咪"), "Big5")
    assert uploads.find(own.id) == own
    uploads.delete(own.id)
    unsure = [f"{name}/1.png".encode("gb18030") for name in ("猫", "小狗")]
    with pytest.raises(ValueError, match=r"several fit: .*GBK '猫/1\.png'"):
        uploads.add_zip(with_names(unsure), "x")
    assert uploads.add_zip(with_names(unsure), "x", encoding="GBK").classes == ("小狗", "猫")
    with pytest.raises(ValueError, match="are not in UTF-8"):
        uploads.add_zip(with_names(unsure), "x", encoding="UTF-8")


def test_a_zip_and_the_folder_of_its_files_mean_the_same(tmp_path):
    pictures = {"x/Train/a/1.png": 1, "x/Train/b/2.PNG": 2, "x/val/a/3.jfif": 3, "x/Train/cover.png": 4}
    entries = {name: png(colour) for name, colour in pictures.items()}
    entries |= dict.fromkeys(["x/README.md", "x/scan.tif", "x/.DS_Store", "__MACOSX/x/._1.png"], b"x")
    for name, content in entries.items():
        (tmp_path / "here" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "here" / name).write_bytes(content)
    own = uploads.add_zip(zipped(entries), "x")
    assert own.classes == ("a", "b") and sorted(dict(own.skipped)) == ["x/README.md", "x/Train/cover.png", "x/scan.tif"]
    for split, colours in (("train", [1, 2]), ("test", [3])):
        for root in (own.root, tmp_path / "here"):
            data = datasets.prepare(DatasetConfig(name="folder", root=str(root), split=split, image_size=8, channels=3))
            assert data.images[:, 0, 0, 0].tolist() == colours
            assert data.label_names == (("a", "b") if split == "train" else ("a",))
        assert dict(data.skipped) == dict(own.skipped)


def test_pictures_are_unpacked_and_decoded_in_another_process():
    bomb = io.BytesIO()
    Image.new("RGB", (4000, 4000)).save(bomb, "WEBP", lossless=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert uploads.add_zip(zipped({f"{i}.webp": bomb.getvalue() for i in range(3)}), "x").count == 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32_000  # kB; one picture has 64 MB


def test_a_zip_that_takes_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(zips, "PATIENCE", Patience(total_s=0.0))
    refused(zipped({"a.png": png()}), "took longer than 0 s")


def test_every_file_that_is_not_taken_is_counted():
    own = uploads.add_zip(zipped({"a.png": png()} | {f"{i}.txt": b"x" for i in range(230)}), "x")
    assert (own.count, own.num_skipped, len(own.skipped)) == (1, 230, 200)


def test_a_zip_of_pictures_for_testing_alone_is_refused_without_a_path_of_the_server():
    with pytest.raises(
        ValueError, match=r"^There are images for testing only. To train on them, rename their folder\.$"
    ):
        uploads.add_zip(zipped({"test/a.png": png(), "test/b.png": png()}), "x")
