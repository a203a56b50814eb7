"""What stands before Streamlit: headers, and nobody from elsewhere while there is no classroom."""

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
