"""How the names in a zip are read, where the zip does not say it."""

from __future__ import annotations

import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_core.datasets.zip_names import ENCODINGS, decoded, raw_name

WORDS = {
    "UTF-8": ["貓咪", "犬", "고양이", "кошка", "größe", "日本語 データ", "🐶"],
    "Big5": ["貓咪", "狗狗", "蘋果", "香蕉", "花", "功課", "樹木", "鷹", "手寫數字", "猴子", "蝴蝶"],
    "GBK": ["猫", "小狗", "苹果", "数据集", "飞机", "汽车", "鸟"],
    "Shift-JIS": ["猫", "いぬ", "データ", "画像", "カタカナ", "東京"],
    "EUC-KR": ["고양이", "강아지", "사과", "자동차"],
    "CP437": ["café", "größe", "niño", "Äpfel", "garçon"],
    "CP850": ["São", "café", "Ønske", "día"],
    "Windows-1252": ["café", "São", "año", "größe"],
    "CP866": ["кошка", "собака", "кот", "дом"],
    "Windows-1251": ["кошка", "собака", "кот", "дом"],
}


@given(st.data(), st.sampled_from(sorted(WORDS)))
def test_names_are_read_as_they_were_written_or_asked_for_and_never_garbled(data, encoding):
    words = data.draw(st.lists(st.sampled_from(WORDS[encoding]), min_size=1, max_size=4, unique=True))
    names = [f"{word}/{number}.png" for number, word in enumerate([*words, "plain"])]
    codec = ENCODINGS[encoding][0] if encoding in ENCODINGS else "utf-8"
    raw = [name.encode(codec) for name in names]
    assert decoded(raw, encoding) == (names, encoding)
    try:
        texts, found = decoded(raw)
    except ValueError as refusal:
        assert f"{encoding} '" in str(refusal) and encoding != "UTF-8"
    else:
        assert texts == names and (found == encoding or encoding in ("CP850", "CP437"))


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("Big5", ["蘋果", "香蕉"]),
        ("Big5", ["貓咪", "狗狗"]),
        ("Shift-JIS", ["いぬ", "ねこ"]),
        ("CP437", ["café", "thé"]),
    ],
)
def test_these_are_told_apart_without_asking(encoding, words):
    names = [f"{word}/1.png" for word in words]
    assert decoded([name.encode(ENCODINGS[encoding][0]) for name in names]) == (names, encoding)


def test_nobody_is_asked_where_no_class_depends_on_it():
    for names in (["資料/cat/1.png", "資料/dog/2.png"], ["cat/貓.png", "dog/狗.png"]):
        texts, found = decoded([name.encode("cp950") for name in names])
        assert [text.split("/")[-2] for text in texts] == ["cat", "dog"] and found in ("Big5", "")
    assert decoded([b"a/1.png", "貓/2.png"]) == (["a/1.png", "貓/2.png"], "")


def test_a_field_of_unicode_is_believed_if_it_belongs_to_the_name():
    raw, name = "貓/1.png".encode("cp950"), "貓/1.png".encode()
    for checksum, expected in ((zlib.crc32(raw), "貓/1.png"), (1, raw)):
        entry = zipfile.ZipInfo(raw.decode("cp437"))
        entry.extra = b"\x01\x00\x02\x00ab" + struct.pack("<HHBL", 0x7075, 5 + len(name), 1, checksum) + name
        assert raw_name(entry) == expected
    entry.flag_bits = 0x800
    assert raw_name(entry) == raw.decode("cp437")
