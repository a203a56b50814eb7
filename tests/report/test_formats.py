"""A report as HTML, Markdown, notebook and hand-in: whole, equal every time, safe with what people typed, and never in place of something."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pypdfium2
import pytest
from helpers import tiny_run
from PIL import Image

from gan_core.config.settings import PROJECT_DIR
from gan_core.report import formats, html, templates
from gan_core.report.document import Person
from gan_core.report.templates import ReportTemplate, TemplateSection
from gan_core.runs import Run, notes

ADA = Person("Ada <script>", "B0001", "Deep learning")
SHORT = ReportTemplate(
    "short", "Short", (TemplateSection("Curves", ("Why?",), ("losses", "about", "samples", "own_words")),)
)


class Tags(HTMLParser):
    """The tags of a page, with what they load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href")]


@pytest.fixture(autouse=True)
def short_template(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "find", lambda name, find=templates.find: SHORT if name == "short" else find(name))


def test_html_is_one_file_without_scripts_that_says_who_wrote_it(finished: Run, tmp_path: Path):
    finished.describe(note="I saw </p><img src=x> a three")
    words = formats.write([finished], "short", "html", tmp_path / "a.html", ADA)
    assert words == "report of 1 run, 4 figures, 0 notes on what is missing"
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(text)
    assert "script" not in tags.found and tags.found.count("img") == 4
    assert all(address.startswith("data:image/") for address in tags.loaded)
    assert (
        "Ada &lt;script&gt;" in text and "B0001" in text and '<p class="question">Why?</p>' in text and "@page" in text
    )
    formats.write([finished], "short", "html", tmp_path / "b.html", ADA)
    assert (tmp_path / "b.html").read_bytes() == (tmp_path / "a.html").read_bytes()


def test_markdown_is_a_folder_whose_text_names_its_figures(finished: Run, tmp_path: Path):
    notes.observe(finished, "samples", "blurred\n# not a heading")
    formats.write([finished], "short", "md", tmp_path / "md", ADA)
    text = (tmp_path / "md" / "report.md").read_text(encoding="utf-8")
    named = re.findall(r"\]\((figures/[\w.-]+)\)", text)
    assert len(named) == 4 and {
        str(file.relative_to(tmp_path / "md")) for file in (tmp_path / "md").rglob("figures/*")
    } == set(named)
    assert "\n> blurred" in text and "\n# not" not in text and "<script>" not in text


@pytest.mark.slow
def test_the_notebook_runs_again_and_gives_the_same(finished: Run, tmp_path: Path):
    formats.write([finished], "short", "ipynb", tmp_path / "a.ipynb", ADA)
    book = json.loads((tmp_path / "a.ipynb").read_text(encoding="utf-8"))
    assert (book["nbformat"], len({cell["id"] for cell in book["cells"]})) == (4, len(book["cells"]))
    cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    shown = [cell for cell in cells if ".show(" in "".join(cell["source"])]
    assert ["".join(cell["source"]) for cell in shown] == [
        f'runs[0].show("{name}")' for name in ("losses", "about", "samples")
    ]
    program = "".join(
        ("print(repr(({source})._repr_html_()))\n" if cell in shown else "{source}\n").format(
            source="".join(cell["source"])
        )
        for cell in cells
    )
    environment = os.environ | {"PYTHONPATH": str(PROJECT_DIR), "GANVAS_RUNS_DIR": str(finished.path.parent)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True, cwd=tmp_path
    )
    stored = ["".join(cell["outputs"][0]["data"]["text/html"]) for cell in shown]
    assert done.stdout.splitlines() == [repr(output) for output in stored]


def test_the_hand_in_of_lab_6_holds_pictures_by_index_under_the_prescribed_name(
    objects: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    given = ReportTemplate("short", "Lab", (), "objects", hand_in="nycu-lab6")
    monkeypatch.setattr(templates, "find", lambda _name: given)
    with pytest.raises(ValueError, match=r"named after you. Give your name and your student number"):
        formats.write([objects], "short", "hand-in", tmp_path / "lab")
    assert not (tmp_path / "lab").exists()
    formats.write([objects], "short", "hand-in", tmp_path / "lab", Person("陳/大明", "311"))
    [path] = (tmp_path / "lab").iterdir()
    assert path.name == "DL_LAB6_311_陳_大明.zip"
    with zipfile.ZipFile(path) as archive:
        names = {f"images/{which}/{number}.png" for which in ("test", "new_test") for number in range(32)}
        assert set(archive.namelist()) == names | {"lab6-report.html"}
        assert Image.open(io.BytesIO(archive.read("images/test/31.png"))).size == (32, 32)


def test_lab_6_wants_a_model_of_all_objects_before_anything_is_drawn(
    runs_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    given = ReportTemplate("short", "Lab", (), "objects", hand_in="nycu-lab6")
    monkeypatch.setattr(templates, "find", lambda _name: given)
    run = tiny_run(
        runs_dir, dataset__name="blocks", conditioning__name="concat", conditioning__labels=("red cube", "blue sphere")
    )
    with pytest.raises(ValueError, match=r"does not know 22 of the 24 objects, such as 'gray cube'. Choose a run"):
        formats.write([run], "short", "hand-in", tmp_path / "lab", Person("Ada", "311"))
    assert not (tmp_path / "lab").exists()


def test_the_hand_in_of_homework_6_is_a_thousand_jpegs(finished: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    given = ReportTemplate("short", "HW6", (), "images", hand_in="ntu-hw6")
    monkeypatch.setattr(templates, "find", lambda _name: given)
    for name in ("a", "b"):
        formats.write([finished], "short", "hand-in", tmp_path / name)
    assert {file.name for file in (tmp_path / "a").iterdir()} == {"images.tgz", "hw6-report.html"}
    with tarfile.open(tmp_path / "a" / "images.tgz") as archive:
        assert archive.getnames() == [f"{number}.jpg" for number in range(1, 1001)]
        assert Image.open(archive.extractfile("1000.jpg")).format == "JPEG"
    assert (tmp_path / "a" / "images.tgz").read_bytes() == (tmp_path / "b" / "images.tgz").read_bytes()


@pytest.mark.parametrize(
    ("form", "name", "words"),
    [
        ("html", "there.html", "exists already and is not overwritten"),
        ("html", "a.htm", "The format 'html' is a file that ends in .html; got 'a.htm'"),
        ("word", "a.doc", "Unknown format 'word'. Choose one of: html, md, ipynb, pdf, hand-in"),
        ("hand-in", "a", "'short' prescribes no files.*nycu-lab6"),
        ("html", "nowhere/a.html", "cannot be written"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused_and_leaves_nothing(
    form: str, name: str, words: str, finished: Run, tmp_path: Path
):
    (tmp_path / "there.html").write_text("mine")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ValueError, match=words):
        formats.write([finished], "short", form, tmp_path / name)
    assert sorted(tmp_path.iterdir()) == before and (tmp_path / "there.html").read_text() == "mine"


@pytest.mark.parametrize(("language", "heading"), [("en", "Missing from this report"), ("zh_TW", "這份報告缺少的內容")])
def test_a_pdf_holds_words_and_pictures_and_is_the_same_twice(
    language: str, heading: str, finished: Run, tmp_path: Path
):
    for name in ("a.pdf", "b.pdf"):
        formats.write([finished], "plain", "pdf", tmp_path / name, ADA, language)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    read = pypdfium2.PdfDocument(tmp_path / "a.pdf")
    text = "".join(page.get_textpage().get_text_range() for page in read)
    assert "Digits <of> mine" in text and "Ada" in text and heading in text
    pictures = [one for page in read for one in page.get_objects() if one.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]
    assert len(read) > 3 and len(pictures) > 3


@pytest.mark.parametrize(
    ("there", "words"),
    [(False, "which is not installed. Install it with: pip install weasyprint; or write HTML and print it"),
     (True, r"cannot start \(no library called libpango\). Install it with")],
)  # fmt: skip
def test_a_pdf_without_weasyprint_or_its_library_is_a_sentence(
    there: bool, words: str, finished: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(_name: str) -> None:
        raise OSError("no library called libpango")

    monkeypatch.setattr(html, "find_spec", lambda _name: there or None)
    monkeypatch.setattr(html, "load", fail)
    with pytest.raises(ValueError, match=words):
        formats.write([finished], "short", "pdf", tmp_path / "a.pdf")
    assert not (tmp_path / "a.pdf").exists()


def test_a_full_disk_is_a_sentence(finished: Run, tmp_path: Path):
    device = Path("/dev/full")
    if not device.exists():
        pytest.skip("this system has no /dev/full")

    def onto_a_full_disk(*arguments: object) -> str:
        with device.open("wb", buffering=0) as file:
            file.write(b"x")
        return ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(formats.FORMATS._entries, "html", formats.ReportFormat("", ".html", onto_a_full_disk))
        with pytest.raises(ValueError, match=r"cannot be written \(No space left on device\). Free some space"):
            formats.write([finished], "short", "html", tmp_path / "a.html")


def test_the_work_of_a_page_gives_a_file_or_a_zip_of_the_folder(finished: Run):
    for form, start in (("html", b"<!doctype html>"), ("md", b"PK")):
        wanted = formats.task([finished], "short", form, ADA, "en", formats.stamp_of(finished))
        content = formats.make(wanted.values, lambda *_a, **_k: None)["content"].tobytes()
        assert content.startswith(start)
    before = formats.stamp_of(finished)
    finished.describe(note="seen")
    assert formats.stamp_of(finished) != before
