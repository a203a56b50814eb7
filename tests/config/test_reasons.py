"""The sentences for what fails outside the program."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from gan_core.config.reasons import as_os_error, not_written, reason


@pytest.mark.parametrize(
    "failure", [ValueError("a rule"), RuntimeError("a bug"), OSError(errno.ENOENT, "No such file")]
)
def test_a_cause_inside_the_program_has_no_sentence_here(failure: Exception) -> None:
    assert reason(failure) is None


def test_a_full_disk_that_a_library_tells_in_words_is_one() -> None:
    found = as_os_error(RuntimeError("I/O error: No space left on device (os error 28)"), Path("x"))
    assert found is not None and str(reason(found)).startswith("The disk is full")
    assert as_os_error(RuntimeError("InvalidHeader"), Path("x")) is None


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENAMETOOLONG, "Choose a shorter one"),
        (errno.ENOSPC, "Free some space"),
        (errno.EACCES, "Change the permissions"),
    ],
)
def test_the_way_out_of_a_folder_that_cannot_be_written_fits_the_cause(number: int, words: str) -> None:
    sentence = not_written("The runs folder x", OSError(number, "why"), "GANVAS_RUNS_DIR")
    assert sentence == (
        f"The runs folder x cannot be written (why). {words}, or set GANVAS_RUNS_DIR to a folder you can write to."
    )
