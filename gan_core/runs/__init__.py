"""The run directory: the contract at which trainer, pages, command line and Hub meet.

`Run` is the only code that knows the paths inside one. Nothing here needs torch, but for checkpoints
(`gan_core.runs.checkpoints`).
"""

from gan_core.runs.run import Control, Run, Status, create, find, list_runs

__all__ = ["Control", "Run", "Status", "create", "find", "list_runs"]
