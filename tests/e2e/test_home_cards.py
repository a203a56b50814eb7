"""Home's cards: those of a row are equally high, with their buttons at the bottom, whatever their names and pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers import tiny_run
from playwright.sync_api import Browser

from tests.e2e.app_helpers import Lab

pytestmark = pytest.mark.e2e

READY = 4  # of the ready-made models; a link leads to all
PRETRAINED = Path(__file__).resolve().parents[2] / "checkpoints" / "pretrained"
NAMES = (
    "short",
    "a name of several words that takes two or three lines of a card",
    "手寫數字的第三次訓練:學習率減半、批次加倍",
    "w" * 80,
)
MEASURE = """cards => cards.map(card => {
  const box = card.getBoundingClientRect(), buttons = [...card.querySelectorAll('button')].filter(one => one.innerText.trim())
  return {top: Math.round(box.top), height: Math.round(box.height), wide: card.scrollWidth - card.clientWidth,
          below: Math.round(box.bottom - buttons.at(-1).getBoundingClientRect().bottom)}
})"""


@pytest.mark.parametrize("language", ["en", "zh-TW"])
@pytest.mark.parametrize("width", [1280, 390])
def test_cards_of_a_row_are_equally_high_with_their_buttons_at_the_bottom(
    browser: Browser, tmp_path: Path, shared_cache: Path, width: int, language: str
) -> None:
    lab = Lab(tmp_path, shared_cache, {"GANVAS_PRETRAINED_DIR": str(PRETRAINED)})
    for name in NAMES:
        run = tiny_run(lab.runs_dir, name)
        run.write_status(replace(run.status(), state="paused"))
    with lab.serve() as server:
        page = browser.new_page(viewport={"width": width, "height": 900}, locale=language)
        try:
            page.goto(server.url)
            cards = page.locator("[class*=st-key-home_card_]")
            page.wait_for_function(
                "n => document.querySelectorAll('[class*=st-key-home_card_]').length === n", arg=len(NAMES) + READY
            )
            page.wait_for_load_state("networkidle")
            found = cards.evaluate_all(MEASURE)
        finally:
            page.close()
    rows: dict[int, set[int]] = {}
    for card in found:
        rows.setdefault(card["top"], set()).add(card["height"])
    assert all(len(heights) == 1 for heights in rows.values()), rows
    assert len(rows) == (len(found) if width == 390 else 2)
    assert len({card["below"] for card in found}) == 1 and all(card["wide"] <= 0 for card in found), found
