"""A switch that asks the browser for a notification when a run ends, shown while its tab is in the background.

The browser keeps the wish, for this tab: it outlives a reload, and other tabs and visitors know nothing of it.
"""

from pages.components.text import _
from pages.components.widgets._assets import make_component

_component = make_component("end_notice")


def end_notice(run_id: str, *, title: str, body: str, trains: bool, ended: bool, key: str) -> None:
    """Draws the switch while the run trains; tells of its end once.

    Args:
        run_id: which run.
        title, body: of the notification.
        trains: whether the switch is shown.
        ended: whether this is the end that was waited for.
    """
    texts = {
        "switch": _("Tell me when it ends"),
        "help": _("A notification of your browser, while another tab or window is in front."),
        "refused": _("Your browser does not allow notifications from this page. Allow them in its settings for this "
                     "address; without https they work on the server's own computer only."),
    }  # fmt: skip
    data = {"run": run_id, "title": title, "body": body, "trains": trains, "ended": ended, "texts": texts, "key": key}
    _component(key=key, data=data)
