"""The Hugging Face Hub: runs sent there, and fetched from there once they were found to be runs.

All that talks to the Hub is done by a process of its own (`worker`), which `transfer` starts, watches and ends at its
deadline: a Hub that is slow, silent or hostile costs that process, never a page. The pages need only what is named here.
"""

from gan_core.hub.account import source_of_login
from gan_core.hub.orders import LICENCES, Browse, Order, Pull, Push, Space, WhoAmI
from gan_core.hub.transfer import Limits, Transfer, limits_from_environment, start

__all__ = [
    "LICENCES", "Browse", "Limits", "Order", "Pull", "Push", "Space", "Transfer", "WhoAmI", "limits_from_environment", "source_of_login", "start",
]  # fmt: skip
