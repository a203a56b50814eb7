"""Where an export goes: a new file or folder, complete or not there at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gan_core.config.reasons import not_written, reason
from gan_core.runs import files


@contextmanager
def new(path: Path) -> Iterator[Path]:
    """A place of the same name to write a file or a folder to; it becomes `path` when the block ends without an error.

    Raises:
        ValueError: `path` exists, or cannot be written; nothing is left behind.
    """
    path = path.absolute()
    if path.exists() or path.is_symlink():
        raise ValueError(f"{path} exists already and is not overwritten. Choose another name, or move it away first.")
    try:
        aside = Path(tempfile.mkdtemp(prefix=files.TEMPORARY, dir=path.parent))
    except OSError as error:
        raise ValueError(not_written(f"The folder {path.parent}", error)) from error
    try:
        yield aside / path.name
        (aside / path.name).rename(path)
        files.sync_folder(path.parent)
    except OSError as error:
        if reason(error) is None:
            raise
        raise ValueError(not_written(f"The folder {path.parent}", error)) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
