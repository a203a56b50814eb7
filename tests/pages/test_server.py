"""What stands before Streamlit: headers, and nobody from elsewhere while there is no classroom."""

import subprocess
import sys
from pathlib import Path

import pytest
from access_helpers import PIN
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from gan_core.access import classroom
from pages.components.shared import server


def answer(address: str) -> tuple[int, str]:
    """Status and text for a visitor from this address."""
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))], middleware=server.MIDDLEWARE)
    found = TestClient(app, client=(address, 5000)).get("/")
    assert found.headers["x-content-type-options"] == "nosniff"
    return found.status_code, found.text


@pytest.mark.parametrize("address", ["192.168.0.7", "10.0.0.1", "2001:db8::1", "0.0.0.0", "", "127.0.0.1.evil.example"])
def test_other_computers_are_refused_until_there_is_a_classroom(address: str) -> None:
    assert answer(address) == (403, server.OPEN_DOORS)
    classroom.make(PIN)
    assert answer(address) == (200, "here")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.8.9.1", "localhost"])
def test_this_computer_is_answered(address: str) -> None:
    assert answer(address) == (200, "here")


def test_a_damaged_classroom_does_not_shut_the_class_out(tmp_path: Path) -> None:
    classroom.make(PIN)
    classroom.path().write_text("{")
    assert answer("192.168.0.7") == (200, "here")


HOLDS_AND_LEAVES = """
import gc, psutil
from pages.components.shared.sessions import give_back
gc.disable()
resident = lambda: psutil.Process().memory_info().rss >> 20
class Session:
    def __init__(self):
        self.me, self.content = self, [b"x" * 100_000 for _ in range(2_000)]
before = resident()
Session()
above = b"x" * 100_000  # what is still used lies above what is not
held = resident()
give_back()
print(before, held, resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what the system counts as resident differs")
def test_what_sessions_held_goes_back_to_the_system() -> None:
    root = Path(__file__).parents[2]
    told = subprocess.run(
        [sys.executable, "-c", HOLDS_AND_LEAVES], cwd=root, capture_output=True, text=True, check=True
    )
    before, held, after = map(int, told.stdout.split())
    assert held > before + 150
    assert after < before + 50
