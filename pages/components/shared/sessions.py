"""Streamlit's sessions where it leaves something undone: their ends, their memory, and runs that a refresh overtakes.

All of it reaches into Streamlit's own classes; `tests/e2e/test_sessions.py` and `tests/pages/test_server.py` hold it to what they do.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import time

from streamlit import runtime
from streamlit.runtime.app_session import AppSession, AppSessionState
from streamlit.runtime.scriptrunner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

MALLOPT = {-8: 2, -3: 256 << 10, -1: 256 << 10}  # glibc's M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD (mallopt(3))
GONE_S = 45.0  # a browser that comes back earlier finds its session
AGAIN_S = 0.01


def let_runs_end() -> None:
    """Lets a script that has ended be shown to its end before a refresh of one of its fragments begins.

    What a script draws reaches the browser through the server's event loop. A refresh that arrives when the script has ended,
    but the loop has not come to all of it, as with thirty visitors at once, makes a new runner, and Streamlit then drops what
    is left of the old one: the page stays without its lower half. So the new runner waits for the old one's last event.
    """
    create = AppSession._create_scriptrunner
    if getattr(create, "waits", False):
        return

    def when_ended(self: AppSession, initial_rerun_data: RerunData, waited_for: ScriptRunner | None = None) -> None:
        runner = self._scriptrunner
        fragment = initial_rerun_data.fragment_id
        if self._state == AppSessionState.SHUTDOWN_REQUESTED or (fragment and not self.has_fragment(fragment)):
            return
        if runner is None:
            create(self, initial_rerun_data)
        elif waited_for not in (None, runner) and initial_rerun_data.is_auto_rerun:
            return  # what has begun meanwhile knows newer values of the widgets; the timer asks again
        elif not runner.request_rerun(initial_rerun_data):  # it has ended, or is about to
            self._event_loop.call_later(AGAIN_S, when_ended, self, initial_rerun_data, runner)

    when_ended.waits = True  # type: ignore[attr-defined]
    AppSession._create_scriptrunner = when_ended  # type: ignore[method-assign]


def keep_memory_together() -> None:
    """Lets the C library (glibc) keep what is freed where it can be used again, or given back.

    Each visitor's script runs in a thread of its own. By default up to eight arenas a core hold their memory, and after one
    large block was freed larger ones too come from there: a class of thirty left 300 MB of holes behind.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):  # other systems have no such function
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in MALLOPT.items():
            mallopt(option, value)


def give_back() -> None:
    """Gives the memory of what is no longer used back to the system.

    Sessions are circles of objects, which Python collects late: after a rerun it does not look for them (postScriptGC is
    off), and its own collector waits until a quarter of all objects is new. The C library (glibc) keeps what was freed below
    something that is still used, until it is asked.
    """
    gc.collect()
    with contextlib.suppress(OSError, AttributeError, TypeError):  # other systems have no such function
        ctypes.CDLL(None).malloc_trim(0)


def close_left(gone: dict[str, float]) -> int:
    """Closes the sessions whose browsers left GONE_S ago (session id -> when, kept by the caller); how many.

    Streamlit itself drops a session after two minutes, or when the next one leaves, and never gives back its sockets and its
    pictures and downloads.
    """
    manager, now = runtime.get_instance()._session_mgr, time.monotonic()
    left = {one.session.id for one in manager.list_sessions()} - {
        one.session.id for one in manager.list_active_sessions()
    }
    for session in gone.keys() - left:
        del gone[session]
    over = [session for session in left if now - gone.setdefault(session, now) >= GONE_S]
    for session in over:
        manager.close_session(session)
    return len(over)
