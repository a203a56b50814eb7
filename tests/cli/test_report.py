"""`report` on the command line."""

from __future__ import annotations

from pathlib import Path

from helpers import tiny_run

from gan_core.training import loop


def test_a_report_is_written_and_a_refusal_is_a_sentence(command, runs_dir: Path, tmp_path: Path):
    run = tiny_run(runs_dir, "mine")
    status, _, err = command("report", "mine", "--out", tmp_path / "a.html", "--runs-dir", runs_dir)
    assert status == 2 and "has neither samples nor curves yet" in err
    loop.train(run)
    mine = tmp_path / "mine.toml"
    mine.write_text('title = "Mine"\n[[sections]]\ntitle = "One"\nparts = ["about"]\n')
    options = ("--template", mine, "--out", tmp_path / "a.html", "--runs-dir", runs_dir, "--name", "Ada")
    status, out, err = command("report", "mine", *options)
    assert (status, "report of 1 run, 0 figures" in out) == (0, True), err
    assert "Ada" in (tmp_path / "a.html").read_text(encoding="utf-8")
