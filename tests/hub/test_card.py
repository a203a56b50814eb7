"""The model card: what it must tell, with counts and conditions, and that what people type stays text."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from helpers import tiny
from huggingface_hub import ModelCard

from gan_core.config import with_changes
from gan_core.hub.card import card, escaped
from gan_core.runs import Status
from gan_core.runs.evaluations import Evaluation

STATUS = Status(state="finished", step=20, total_steps=20, num_images=60, seconds=61.4, device="cpu")


def made(**changes: Any) -> str:
    options: dict[str, Any] = {
        "repo": "ada/digits", "name": "My digits", "note": "", "config": tiny(), "status": STATUS, "metrics": [],
        "evaluations": [], "picture": None, "licence": "", "resumable": False,
    }  # fmt: skip
    return card(**(options | changes))


def test_the_header_is_what_the_hub_reads() -> None:
    header = made(licence="mit").split("---")[1]
    assert header.split("\n")[1:-1] == [
        "library_name: ganvas", "pipeline_tag: unconditional-image-generation", "tags:", "- ganvas", "- gan",
        "- mnist-dcgan", "datasets:", "- ylecun/mnist", "license: mit",
    ]  # fmt: skip
    assert "license" not in made().split("---")[1] and "The author has chosen none" in made()


def test_means_come_with_their_spread_count_and_steps() -> None:
    text = made(metrics=[{"step": step, "time": 1.0, "loss/d": float(step % 2)} for step in range(1, 151)])
    assert "| `loss/d` | 0.5 | 0.5 | 100 | 51 to 150 |" in text  # 100 values, half of them 1: s = 0.5025
    assert "`time`" not in text and "`step`" not in text
    assert "one run with one seed" in text


def test_an_evaluators_score_comes_with_its_count_and_interval() -> None:
    lines = [
        {"step": 10, "accuracy/test": 0.5, "hits/test": 36, "requested/test": 72},
        {"step": 20, "accuracy/test": 38 / 72, "hits/test": 38, "requested/test": 72},
        {"step": 21, "loss/d": 1.0},
    ]
    text = made(metrics=lines)
    assert "**38/72 = 0.528** (95 % interval 0.414 to 0.639, Wilson" in text  # by hand: 0.5263 +- 0.1122
    assert "at step 20" in text and "| `accuracy/test`" not in text and "`hits/test`" not in text


def test_what_was_measured_of_this_checkpoint_comes_with_its_interval_count_and_seed() -> None:
    found = Evaluation("fid", 31.25, (30.5, 32.0), 20, 2000, "digits@1", 3)
    text = made(metrics=[{"step": 20, "loss/d": 1.0}], evaluations=[found, replace(found, step=10, value=99.0)])
    assert "| `fid` | 31.25 | 30.5 to 32 | - | 2,000 | 3 | digits@1 |" in text and "99" not in text


def test_the_hub_reads_what_was_measured_from_the_header() -> None:
    found = Evaluation("fid", 31.25, (30.5, 32.0), 20, 2000, "digits@1", 3)
    (read,) = ModelCard(made(evaluations=[found, replace(found, step=10)])).data.eval_results
    assert (read.metric_type, read.metric_value, read.dataset_type) == ("fid", 31.25, "ylecun/mnist")
    assert read.task_type == "unconditional-image-generation" and "2000 samples" in read.metric_name


def test_it_says_which_data_and_how_much_of_it() -> None:
    text = made()
    assert "**Handwritten digits (MNIST, 5,000)** (`mnist5k`, part *train*)" in text
    assert "Used here: 60 samples of 8x8 px, grey." in text
    theirs = made(config=with_changes(tiny(), {"dataset.name": "folder"}))
    assert "its own licence and terms hold" in theirs


def test_it_says_how_to_use_it() -> None:
    text = made(resumable=True)
    assert 'gan_core.load("ada/digits")' in text and "python -m gan_core pull ada/digits" in text
    assert "resumed where it stands" in text
    labelled = with_changes(tiny(), {"conditioning.name": "concat", "conditioning.labels": ("red cube", "a`b")})
    text = made(config=labelled)
    assert "Labels (any number a picture), in the order in which the model takes them: `red cube`, `a b`." in text
    assert "labels = [[1] + [0] * 1] * 16" in text


@pytest.mark.parametrize(
    "words",
    ["<script>alert(1)</script>", "[x](http://evil.example)", "![x](http://evil.example/p.png)", "# a\n---\nlicense: mit",
     "a | b | c", "`code`", "&lt;b&gt;", "* item\u2028- item", "$x^2$ ~~y~~ **z** _w_"],
)  # fmt: skip
def test_whatever_people_type_stays_text(words: str) -> None:
    """Read back by Markdown's rule: a backslash before a mark makes it a plain mark."""
    shown = escaped(words)
    assert re.search(r"(?<!\\)(?:\\\\)*[!-/:-@\[-`{-~]", re.sub(r"\\[!-/:-@\[-`{-~]", "", shown)) is None
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", shown) == " ".join(words.replace("\u2028", " ").split())
    for text in (made(name=words), made(note=words)):
        assert words not in text and "<script" not in re.sub(r"\\.", "", text)
        assert text.split("---")[1] == made().split("---")[1]


def test_every_line_of_a_note_is_a_quotation() -> None:
    text = made(note="first\n\n# second")
    assert "> first\n> \n> \\# second" in text
