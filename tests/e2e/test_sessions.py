"""What visitors leave behind: nothing; and what they are shown: all of the page."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest
from helpers import eventually

from tests.e2e.browser import streamlit_server
from tools.load_browser import Browser, Tab, Tally

pytestmark = pytest.mark.e2e
SCRIPT = """
import streamlit as st
from pages.components.shared import server, sessions, uploads

if __name__ == "__main__":
    st.download_button("here", b"0" * 1000)
else:
    uploads.SWEEP_S, sessions.GONE_S = 0.1, 0.0
    app = st.App(__file__, lifespan=server.lifespan)
"""


def test_sessions_that_were_left_give_back_their_sockets(tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text(SCRIPT, "utf-8")
    tally = Tally()
    with streamlit_server(script, folder=tmp_path, env={"GANVAS_RUNS_DIR": str(tmp_path)}) as server:

        async def visit() -> None:
            browser = Browser(server.url, tally)
            async with browser.open(""):
                pass
            await browser.close()

        asyncio.run(visit())
        own = psutil.Process(server.pid)
        eventually(lambda: not [c for c in own.net_connections() if c.status == "ESTABLISHED"], "the visitor has left")
        before = own.num_fds()

        async def visits() -> None:
            await asyncio.gather(*(visit() for _ in range(6)))

        asyncio.run(visits())
        eventually(lambda: own.num_fds() <= before, f"{before} open files again, not {own.num_fds()}", timeout_s=20)
    assert tally.counts["sessions"] == 7 and not tally.errors


OVERTAKEN = """
import time
import streamlit as st
from streamlit import runtime
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx
from pages.components.shared import server

if __name__ == "__main__":
    st.fragment(lambda: st.write("live"))()
    session = runtime.get_instance()._session_mgr.get_active_session_info(get_script_run_ctx().session_id).session
    refresh = BackMsg()
    refresh.rerun_script.fragment_id = next(iter(session._fragment_storage._fragments))
    session._event_loop.call_soon_threadsafe(time.sleep, 1.5)  # a busy server
    session._event_loop.call_soon_threadsafe(session.handle_backmsg, refresh)
    time.sleep(0.3)
    for number in range(30):
        st.text(f"line {number}")
else:
    app = st.App(__file__, lifespan=server.lifespan)
"""


def test_a_page_is_shown_to_its_end_though_a_refresh_comes_before_the_busy_server_has_sent_it(tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text(OVERTAKEN, "utf-8")
    tally = Tally()

    def lines(tab: Tab) -> set[str]:
        return {element.text.body for element in tab.elements() if element.HasField("text")}

    with streamlit_server(script, folder=tmp_path, env={"GANVAS_RUNS_DIR": str(tmp_path)}) as server:

        async def visit() -> None:
            browser = Browser(server.url, tally)
            async with browser.open("") as tab, asyncio.timeout(20):
                while len(lines(tab)) < 30:
                    await asyncio.sleep(0.05)
            await browser.close()

        asyncio.run(visit())
    assert not tally.errors, tally.notes
