"""How many devices, or processes of a processor, one run is trained on."""

import streamlit as st

from gan_core.runs import Run
from pages.components.shared import lab
from pages.components.text import _, ngettext


def choose_processes(device: str, before: int, key: str) -> int:
    """The number that was chosen; offered only where there is more than one to choose.

    A number that was chosen stays when the machine has fewer devices by now: starting the run then says so.

    Args:
        device: of the run; may be "auto".
        before: how many it has now.
        key: of the widget, and the kind of device is added to it.
    """
    machine = lab.machine()
    if machine is None:
        return before
    kind, there = (machine.devices[0] if device == "auto" else device).partition(":")[0], machine.room(device)
    on_processor, key = kind == "cpu", f"{key}_{kind}"
    most = max(there, before if on_processor else 1, st.session_state.get(key, 1))
    if most < 2:
        return 1
    meaning = _(
        "Each process trains on its share of every batch, and the gradients are added up. The batch size is that of all processes "
        "together, and the result equals that of one process up to rounding."
    )
    return int(
        st.selectbox(
            _("Processes") if on_processor else _("Devices (of {n})").format(n=there), range(1, most + 1),
            min(before, most) - 1, key=key, help=meaning, width=160,
        )
    )  # fmt: skip


def where(run: Run, device: str) -> str:
    """The device that a run is trained on, and how many of them."""
    number = run.control().processes
    kind = device.partition(":")[0]
    if kind == "cpu":
        kind = device = "CPU"
    if number == 1:
        return device
    words = ngettext("{n} process on {device}", "{n} processes on {device}", number)
    return words.format(n=number, device=kind)
