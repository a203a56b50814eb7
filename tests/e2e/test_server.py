"""What the server does without a page: it goes on with the queue, and refuses what no page has asked for."""

import re
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.e2e.app_helpers import Lab, wait_for_steps
from tests.e2e.browser import Server

pytestmark = pytest.mark.e2e


def put(server: Server, session: str, cookie: str, name: str, size: int) -> int:
    """A file put to the bare upload route; the HTTP status."""
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    request = urllib.request.Request(
        f"{server.url}/_stcore/upload_file/{session}/{name}",
        head + bytes(size) + b"\r\n--x--\r\n",
        {
            "Content-Type": "multipart/form-data; boundary=x",
            "X-Xsrftoken": cookie,
            "Cookie": f"_streamlit_xsrf={cookie}",
        },
        method="PUT",
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code


def test_the_queue_goes_on_and_a_flood_of_uploads_leaves_nothing(tmp_path: Path) -> None:
    lab = Lab(tmp_path, tmp_path / "cache")
    run = lab.begin("waits")
    with lab.serve() as server:
        wait_for_steps(run, 1)  # nobody has opened a page
        with urllib.request.urlopen(f"{server.url}/_stcore/host-config", timeout=30) as answer:
            assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
            found = re.search("_streamlit_xsrf=([^;]+)", answer.headers["set-cookie"] or "")
        cookie = found[1].strip('"') if found else ""
        address = f"ws://127.0.0.1:{server.port}/_stcore/stream"
        protocols = [Subprotocol("streamlit"), Subprotocol(cookie or "x")]
        with connect(address, subprotocols=protocols, origin=Origin(server.url), max_size=None) as stream:
            ask = BackMsg()
            ask.rerun_script.query_string = ""
            stream.send(ask.SerializeToString())
            session = ""
            while not session:
                told, message = ForwardMsg(), stream.recv(timeout=90)
                assert isinstance(message, bytes)
                told.ParseFromString(message)
                if told.WhichOneof("type") == "new_session":
                    session = told.new_session.initialize.session_id
            memory = psutil.Process(server.pid).memory_info()
            assert [put(server, session, cookie, f"f{i}", 40_000_000) for i in range(8)] == [403] * 8
            assert psutil.Process(server.pid).memory_info().rss - memory.rss < 100_000_000
