"""What visitors leave behind: nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest
from helpers import eventually

from tests.e2e.browser import streamlit_server
from tools.load_browser import Browser, Tally

pytestmark = pytest.mark.e2e
SCRIPT = """
import streamlit as st
from pages.components.shared import server, uploads

if __name__ == "__main__":
    st.download_button("here", b"0" * 1000)
else:
    uploads.SWEEP_S, server.GONE_S = 0.1, 0.0
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
