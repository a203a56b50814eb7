"""Why something failed: the sentence, with the way out."""

from __future__ import annotations

import errno
import re

NO_MEMORY = "Choose a smaller batch size, image size or width, or another device."
_NO_MEMORY = re.compile(
    r"out of memory|can't allocate memory|cannot allocate memory|not enough memory|DefaultCPUAllocator|bad_alloc|ALLOC_FAILED",
    re.IGNORECASE,
)
_OS_ERROR = re.compile(r"\(os error (\d+)\)")  # as Rust's libraries write it
_CAUSES = {
    errno.ENOSPC: ("The disk is full", "Free some space"),
    errno.EDQUOT: ("Your share of the disk is used up", "Free some space or ask for more"),
    errno.EROFS: ("The disk is read-only", "Make it writable"),
    errno.EIO: ("The disk reports a device error", "Check the disk and back up what is on it"),
    errno.EACCES: ("The system denies access", "Change the permissions"),
    errno.EPERM: ("The system denies access", "Change the permissions"),
    errno.ENAMETOOLONG: ("A name or path is too long for the system", "Choose a shorter one"),
    errno.EMFILE: ("Too many files are open", "Close other programs or raise the limit of open files"),
}
FULL = (errno.ENOSPC, errno.EDQUOT)


def is_out_of_memory(failure: BaseException) -> bool:
    """Whether memory could not be allocated: Python's word for it, numpy's, or torch's on any device."""
    if isinstance(failure, MemoryError) or (isinstance(failure, OSError) and failure.errno == errno.ENOMEM):
        return True
    return isinstance(failure, RuntimeError) and bool(_NO_MEMORY.search(f"{type(failure).__name__} {failure}"))


def reason(failure: BaseException) -> str | None:
    """The sentence for a cause outside the program: memory, disk, permissions, names. None for any other."""
    if is_out_of_memory(failure):
        return f"The device ran out of memory ({_short(failure)}). {NO_MEMORY}"
    if isinstance(failure, OSError) and failure.errno in _CAUSES:
        cause, way_out = _CAUSES[failure.errno]
        return f"{cause} ({_short(failure)}). {way_out}, then continue."
    return None


def not_written(folder: object, failure: OSError, variable: str = "") -> str:
    """That a folder cannot be written, why, and the way out.

    Args:
        variable: the environment variable that names the folder; "" where none does.
    """
    way_out = _CAUSES.get(failure.errno or 0, ("", ""))[1]
    other = f"set {variable} to a folder you can write to" if variable else ""
    ways = ", or ".join(way for way in (way_out, other) if way) or "choose another folder"
    return f"{folder} cannot be written ({failure.strerror or failure}). {ways[:1].upper()}{ways[1:]}."


def as_os_error(failure: Exception, path: object) -> OSError | None:
    """The system's error that a library reports in words only, as safetensors does; None if it is another."""
    found = _OS_ERROR.search(str(failure))
    return OSError(int(found[1]), f"{path} could not be written ({failure})", str(path)) if found else None


def _short(failure: BaseException) -> str:
    words = " ".join(str(failure).split())
    return words if len(words) <= 200 else f"{words[:200]}…"
