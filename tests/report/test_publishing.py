"""A published page holds all it needs, is small enough, and says so where the generator cannot be in it."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from helpers import tiny_run

from gan_core.config.settings import PROJECT_DIR
from gan_core.exchange import onnx_file
from gan_core.report import building, publishing, web_page
from gan_core.report.publishing import halved, publish
from gan_core.runs import Run
from gan_core.runs.sampler import latents, open_sampler


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few parts, so that a page is made quickly."""
    monkeypatch.setattr(
        publishing,
        "CONTENT",
        publishing.ReportTemplate("p", "Ganvas", (publishing.TemplateSection("a", (), ("losses",)),)),
    )


def data_of(folder: Path) -> dict[str, object]:
    text = (folder / "index.html").read_text(encoding="utf-8")
    return json.loads(re.search(r'id="ganvas-data">(.*?)</script>', text)[1])


@pytest.mark.usefixtures("short")
def test_a_page_is_a_folder_with_everything_in_one_file(finished: Run, tmp_path: Path):
    finished.describe(name="</script><script>alert(1)")
    words = publish(finished, tmp_path / "page")
    assert "5 moments and its generator" in words
    assert {file.name for file in (tmp_path / "page").iterdir()} == {
        "index.html",
        "README.md",
        "onnxruntime-LICENSE.txt",
    }
    text = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert len(text) < publishing.MAX_BYTES and "alert(1)" not in re.sub(
        r"&lt;/script&gt;&lt;script&gt;alert\(1\)", "", text
    )
    assert not re.search(r'(src|href)="(?!data:)', text)
    found = data_of(tmp_path / "page")
    assert [frame["step"] for frame in found["frames"]] == finished.sample_steps()
    assert (found["latentDim"], found["live"], np.shape(found["directions"])) == (8, True, (6, 8))
    assert (tmp_path / "page" / "README.md").read_text(encoding="utf-8").endswith("sdk: static\n---\n")


@pytest.mark.usefixtures("short")
def test_a_generator_that_is_too_large_is_left_out_and_the_page_says_so(
    finished: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(publishing, "MAX_BYTES", 1_500_000)
    monkeypatch.setattr(publishing, "RUNTIME", tmp_path)
    for name in ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm.gz", "LICENSE"):
        (tmp_path / name).write_bytes(bytes(1_500_000 if name.endswith("gz") else 9))
    assert "no generator" in publish(finished, tmp_path / "page")
    text = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert (
        "larger than 1.5 MB, so its samples are shown instead" in text and data_of(tmp_path / "page")["live"] is False
    )


@pytest.mark.usefixtures("short")
def test_without_the_packages_there_is_no_generator_and_a_page_that_is_too_large_is_refused(
    finished: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(onnx_file, "NEEDS", ("no_such_package",))
    assert "no generator" in publish(finished, tmp_path / "page")
    text = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert "The generator cannot run in a browser" in text and "no_such_package" in text
    monkeypatch.setattr(publishing, "MAX_BYTES", 1_000)
    with pytest.raises(ValueError, match=r"has [\d,]+ bytes; at most 1,000 are published. Write a report instead"):
        publish(finished, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_half_precision_keeps_the_samples(tmp_path: Path):
    run = Run(PROJECT_DIR / "checkpoints" / "pretrained" / "digits-dcgan")
    onnx_file.write(run, tmp_path / "g.onnx")
    content = halved(tmp_path / "g.onnx")
    assert len(content) < 0.55 * (tmp_path / "g.onnx").stat().st_size
    z = latents(4, run.config().network.latent_dim, 3)
    drawn = onnxruntime.InferenceSession(content).run(None, {"z": z})[0]
    assert np.abs(drawn - open_sampler(run).samples(z)).max() < 0.02


def test_a_folder_that_exists_and_a_run_without_samples_are_refused(
    finished: Run, runs_dir: Path, tmp_path: Path, short: None
):
    (tmp_path / "there").mkdir()
    with pytest.raises(ValueError, match="exists already and is not overwritten"):
        publish(finished, tmp_path / "there")
    with pytest.raises(ValueError, match="has neither samples nor curves yet"):
        publish(tiny_run(runs_dir, "empty"), tmp_path / "page")


@pytest.mark.usefixtures("short")
def test_the_work_for_a_page_gives_the_files_that_the_command_writes(finished: Run, tmp_path: Path):
    made = web_page.make(web_page.task(finished, "en").values, building.silent)
    publish(finished, tmp_path / "page", licence="mit")
    web_page.write_files(made, tmp_path / "again", finished.name, "mit")
    for file in (tmp_path / "page").iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()
    (tmp_path / "page.zip").write_bytes(web_page.zipped(made, finished.name))
    with zipfile.ZipFile(tmp_path / "page.zip") as archive:
        assert set(archive.namelist()) == {file.name for file in (tmp_path / "page").iterdir()}
        assert b"license" not in archive.read("README.md")
