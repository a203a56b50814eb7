"""A student of the load test: mostly watches the training, looks at the other pages now and then, and moves what can be moved."""

from __future__ import annotations

import asyncio
import time

from websockets.exceptions import ConnectionClosed

from tools.load_browser import Browser, Tab

Place = tuple[str, str, float, tuple[int, int]]
"""Page, query, weight, how many seconds one stays."""
STAY_ON = 0.7  # how often the next page is a click away, and not a link in a new tab
SELDOM = (
    *(("learn", f"tab={tab}") for tab in ("lessons", "lab", "break", "benchmark")),
    *(
        ("run", f"tab={tab}")
        for tab in ("replay", "measure", "settings", "explore&view=compose", "explore&view=reconstructions")
    ),
    ("data", ""),
    ("train", "tab=many"),
    ("runs", "tab=experiments"),
    ("runs", "tab=import"),
)


def places(runs: list[str]) -> list[Place]:
    """Where students go; the first of `runs` trains."""
    return [
        ("run", f"run={runs[0]}", 10.0, (15, 45)), ("", "", 2.0, (4, 12)), ("runs", "", 2.0, (5, 15)),
        ("run", f"run={runs[-1]}&tab=explore", 3.0, (10, 30)), ("compare", f"runs={','.join(runs[:2])}", 2.0, (8, 20)),
        *((page, query, 0.4, (4, 12)) for page, query in SELDOM),
    ]  # fmt: skip


async def watch(browser: Browser, run: str, until: float) -> None:
    """Opens the page of a run that trains and looks at it, hands in the lap, until `time.monotonic()` is `until`. Closes the browser."""
    await asyncio.sleep(browser.rng.uniform(0, min(10.0, (until - time.monotonic()) / 4)))
    try:
        async with browser.open("run", f"run={run}"):
            await asyncio.sleep(max(0.0, until - time.monotonic()))
    except (OSError, ConnectionClosed, TimeoutError) as failure:
        browser.tally.error("closed", repr(failure))
    finally:
        await browser.close()


async def study(browser: Browser, runs: list[str], until: float) -> None:
    """A visit until `time.monotonic()` is `until`; the first of `runs` trains. Closes the browser."""
    there = places(runs)
    weights = [weight for _page, _query, weight, _stay in there]

    def choose() -> tuple[str, str, float]:
        page, query, _weight, stay_s = browser.rng.choices(there, weights)[0]
        return page, query, browser.rng.uniform(*stay_s)

    await asyncio.sleep(browser.rng.uniform(0, min(10.0, (until - time.monotonic()) / 4)))
    page, query, stay_s = "", "", 5.0
    try:
        while time.monotonic() < until:
            async with browser.open(page, query) as tab:
                await _look(browser, tab, until, stay_s)
                while time.monotonic() < until and browser.rng.random() < STAY_ON:
                    page, query, stay_s = choose()
                    await tab.go(page, query)
                    await tab.settled()
                    await _look(browser, tab, until, stay_s)
            page, query, stay_s = choose()
    except (OSError, ConnectionClosed, TimeoutError) as failure:
        browser.tally.error("closed", repr(failure))
    finally:
        await browser.close()


async def _look(browser: Browser, tab: Tab, until: float, stay_s: float) -> None:
    end = min(until, time.monotonic() + stay_s)
    while (left := end - time.monotonic()) > 0:
        await asyncio.sleep(min(left, browser.rng.uniform(0.5, 8.0)))
        if time.monotonic() < end:
            await tab.move(browser.rng)
