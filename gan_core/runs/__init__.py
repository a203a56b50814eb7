"""The run directory: the contract at which trainer, pages, command line and Hub meet.

`Run` is the only code that knows the paths inside one. Nothing here needs torch, but for checkpoints
(`gan_core.runs.checkpoints`).
"""

from gan_core.runs.folder import check_writable, create, find, list_runs, shipped_runs
from gan_core.runs.run import Run
from gan_core.runs.status import Control, Status

__all__ = ["Control", "Run", "Status", "check_writable", "create", "find", "list_runs", "shipped_runs"]
