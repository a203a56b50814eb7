"""Links to what commit 5fcd404 wrote open on every page, through app.py as an address does."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from written_helpers import ANSWERS, IDS, WRITTEN, copy_written

from tests.pages.conftest import ROOT, calm, labels, words

(STUDY,) = (file.stem for file in (WRITTEN / "runs" / ".studies").glob("*.json"))
OWN = {row["kind"]: row["id"] for row in ANSWERS["own data"]}
LINKS = [  # page, query, words on the page
    ("home", {}, "Newest runs"),
    ("train", {"run": IDS["plain"]}, "plain"),
    ("train", {"run": IDS["gradient penalty"]}, "gradient penalty"),
    ("train", {"run": IDS["collapsed"]}, "grad_norm/g became inf at step 4"),
    ("explore", {"run": IDS["plain"]}, "PCA"),
    ("conditions", {"run": IDS["acgan"]}, "The same labels each time, 8 different z"),
    ("vae", {"run": IDS["vae"]}, "the posterior"),
    ("twin", {"run": IDS["plain"]}, "The twin of **plain**"),
    ("collapse", {"broken": IDS["plain"], "sound": IDS["branch"]}, "branch"),
    ("compare", {"runs": f"{IDS['plain']},{IDS['branch']}"}, "The same place shows the same z"),
    ("replay", {"run": IDS["plain"], "step": "10"}, "The recording is at step 10"),
    ("study", {"study": STUDY}, "**7:3** seed 0"),
    ("sweeps", {"sweep": "grid"}, "Best: trial 2"),
    ("sweeps", {"sweep": "search"}, "Best so far: trial 1"),
    ("data", {"data": OWN["pictures"]}, "6"),
    ("data", {"data": OWN["points"]}, "20"),
    ("runs", {}, "Balance: D too strong"),
    ("hub", {}, "There is no token"),
]
CHOSEN = ("explore", "conditions", "vae", "compare", "replay", "study", "sweeps", "data")
"""Pages with a list in which what the link names is chosen."""


@pytest.fixture(autouse=True)
def written(tmp_path: Path) -> Path:
    """The runs folder, with what was written then."""
    return copy_written(tmp_path)


def opened(page: str, **query: str) -> AppTest:
    """The page at `?page=...`, which did not raise."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    for name, value in {"page": page, **query}.items():
        app.query_params[name] = value
    return calm(app.run())


@pytest.mark.parametrize(("page", "query", "shown"), LINKS)
def test_a_link_opens(page: str, query: dict[str, str], shown: str) -> None:
    app = opened(page, **query)
    assert shown in words(app)
    for name, value in query.items():
        now = "id" if name in ("study", "sweep") else name  # both are experiments by now
        assert app.query_params[now] in (value, [value])
        if page in CHOSEN and name != "step":
            lists = [*(box.value for box in app.selectbox), *(",".join(box.value) for box in app.multiselect)]
            assert value in lists


def test_a_lesson_finds_the_runs_that_it_began() -> None:
    said = {"say-weak": "lost", "say-strong": "fewer", "say-one-sided": "yes"}
    app = opened("lessons", lesson="balance", **said)
    assert "place 6 in the queue" in words(app)
    assert not [label for label in labels(app) if label.startswith("Train")]


def test_saved_directions_are_offered_for_their_run() -> None:
    stored = {file.stem for file in (WRITTEN / "runs" / ".directions").glob("*.json")}
    app = opened("explore", run=IDS["plain"])
    (kinds,) = (control for control in app.get("button_group") if control.key == "explore_kind")
    calm(kinds.set_value("saved").run())
    assert set(app.multiselect(key=f"explore_saved_{IDS['plain']}").value) == stored
