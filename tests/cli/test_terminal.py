"""Standard output as it is in the field: a code page of 256 letters, and a pipe that nobody reads any more."""

from __future__ import annotations

import io
import os

import pytest

from gan_core.cli.terminal import Patient


@pytest.mark.parametrize("page", ["cp1252", "cp950", "ascii"])
def test_a_name_that_the_code_page_has_not_is_written_as_numbers(page):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=page)
    print("run 臉 🙂", file=Patient(stream), flush=True)
    told = stream.buffer.getvalue().decode(page)
    assert told.startswith("run ") and "\\U0001f642" in told


def test_a_closed_pipe_ends_nothing():
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "w") as stream:
        out = Patient(stream)
        print("first", file=out, flush=True)
        os.close(ours)
        for _ in range(3):
            print("x" * 100_000, file=out, flush=True)
        assert out.isatty() is False
