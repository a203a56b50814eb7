"""A short form of `make loadtest`, and that it tells harm from good: planted faults are counted."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.e2e.app_helpers import QUICK
from tests.e2e.browser import streamlit_server
from tools import loadtest
from tools.load_browser import Browser, Tally

pytestmark = pytest.mark.e2e
FAULTY = """
import streamlit as st

if "bad" in st.query_params:
    raise RuntimeError("planted")
st.slider("one", 0, 9, key="one")


@st.fragment(run_every=0.2)
def live() -> None:
    st.write("live", len(range(st.session_state["one"])))


live()
"""
PAGES = """
import streamlit as st


@st.fragment(run_every=0.2)
def live() -> None:
    st.session_state["live"] = st.session_state.get("live", 0) + 1
    if st.session_state["live"] % 2 == 0:  # the page draws it first, then its timer
        st.rerun()


def second() -> None:
    st.markdown(f"second, {st.session_state.get('live', 0)}")
    live()


st.navigation([st.Page(lambda: st.markdown("first"), title="A", url_path="a", default=True),
               st.Page(second, title="B", url_path="b")]).run()
"""


def test_a_small_class_and_a_small_flood_meet_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RUNS_DIR", "CACHE_DIR", "DATA_DIR", "EVALUATORS_DIR", "CLASSROOM"):
        monkeypatch.setenv(f"GANVAS_{name}", "")  # as it was, afterwards
    monkeypatch.setattr(loadtest, "BACK_S", 1.0)
    with loadtest.serve(tmp_path, QUICK) as server:
        row = asyncio.run(loadtest.load(server, 3, 5, alone_s=0.5, settle_s=0, say_s=0, warm=False))
        assert row["errors"] == {}, row["notes"]
        assert row["kilobytes"]["page"]["p50"] > 10 and 0 < row["server"]["processor_share"] < os.cpu_count()
        assert row["sessions"] >= 3 and row["latency_s"]["page"]["count"] >= 3 and row["sessions_after"] == 0
        flood = asyncio.run(loadtest.flood(server, visitors=2, megabytes=1))
        assert flood["errors"] == {}, flood["notes"]
        assert flood["bare route"]["accepted"] == 0 and flood["bare route"]["refused"] == 2 * loadtest.FILES
        assert 2 <= flood["uploader"]["accepted"] < 2 * loadtest.FILES


def test_planted_faults_are_counted(tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text(FAULTY, "utf-8")
    tally = Tally()
    with streamlit_server(script, folder=tmp_path) as server:

        async def visit() -> None:
            browser = Browser(server.url, tally)
            async with browser.open("") as tab:
                while not tally.latency["refresh"]:  # as often as the fragment asks for
                    await asyncio.sleep(0.05)
                await tab.move(browser.rng)
                assert not tally.errors and tally.counts["widget"] == len(tally.latency["widget"]) == 1
            await browser.get("/media/none.png")
            async with browser.open("", "bad=1"):
                pass
            assert "planted" in server.log()
            async with browser.open(""):
                os.kill(server.pid, signal.SIGKILL)
                while not tally.errors["closed"]:
                    await asyncio.sleep(0.05)
            await browser.close()

        asyncio.run(visit())
        assert dict(tally.errors) == {"http": 1, "exception": 1, "closed": 1}, tally.notes


def test_a_page_opened_by_its_address_stays_when_it_draws_itself_anew(tmp_path: Path) -> None:
    script, tally = tmp_path / "page.py", Tally()
    script.write_text(PAGES, "utf-8")
    with streamlit_server(script, folder=tmp_path) as server:

        async def visit() -> list[str]:
            browser = Browser(server.url, tally)
            async with browser.open("b") as tab, asyncio.timeout(20):
                while "second, 4" not in (shown := [e.markdown.body for e in tab.elements() if e.HasField("markdown")]):
                    assert "first" not in shown
                    await asyncio.sleep(0.05)
            await browser.close()
            return shown

        assert asyncio.run(visit()) == ["second, 4"]
    assert not tally.errors


def test_a_row_with_an_error_or_without_a_return_fails() -> None:
    good = {"errors": {}, "back_s": 3.0, "sessions_after": 0}
    assert loadtest.passed(good)
    for change in ({"errors": {"http": 1}}, {"back_s": None}, {"sessions_after": 1}):
        assert not loadtest.passed(good | change)
