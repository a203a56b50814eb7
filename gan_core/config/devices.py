"""What this machine can train on. `detect` needs torch; the rest does not."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MAX_PROCESSES = 64  # of one run on one computer


@dataclass(frozen=True)
class Machine:
    """A machine's means.

    Attributes:
        devices: names to train on, the best first ("cuda:0", "cpu").
        labels: the same devices for people ("NVIDIA A100", "CPU, 2 cores").
        threads: processor threads that a run may use.
        bf16_devices: those of `devices` where bf16 is native, hence faster.
    """

    devices: tuple[str, ...]
    labels: tuple[str, ...]
    threads: int
    bf16_devices: tuple[str, ...]

    def room(self, device: str) -> int:
        """How many processes one run makes use of: one a GPU of the device's kind; on a processor one for every two cores."""
        kind = (self.devices[0] if device == "auto" else device).partition(":")[0]
        if kind == "cpu":
            return max(1, (self.threads + 1) // 2)
        return max(1, sum(name.partition(":")[0] == kind for name in self.devices))

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values; `from_dict` reads it back."""
        return asdict(self)

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Machine:
        """The machine that `to_dict` described."""
        return Machine(
            devices=tuple(data["devices"]),
            labels=tuple(data["labels"]),
            threads=int(data["threads"]),
            bf16_devices=tuple(data["bf16_devices"]),
        )


def check_processes(processes: int, device: str, there: int) -> None:
    """Refuses more processes of one run than there are devices on a computer; processes on a processor share it.

    Args:
        processes: how many.
        device: of the run, "cuda:0".
        there: devices of that kind.

    Raises:
        ValueError: with both numbers.
    """
    kind = device.partition(":")[0]
    if not 1 <= processes <= MAX_PROCESSES:
        raise ValueError(f"A run is trained by 1 to {MAX_PROCESSES} processes; got {processes}.")
    if kind != "cpu" and processes > there:
        raise ValueError(
            f"Each process needs a device of its own: this computer has {there} of kind {kind}, too few for {processes} processes. "
            f"Choose at most {there}."
        )


def usable_cores() -> int:
    """Processor cores that this process may use (less than the machine's in a container or batch job)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_threads() -> int:
    """Every core but one. The last is for the pages, and for the browser where it runs on the same machine.

    Each parallel step waits for its slowest thread: measured on two cores, two threads make 1.4 times the steps of one
    while nothing else runs, and a twentieth of them beside one busy process.
    """
    return max(1, usable_cores() - 1)


def use_one_thread() -> None:
    """Keeps this process to one core, enough for drawing with small networks; training needs the others. Loads torch."""
    import torch

    torch.set_num_threads(1)


def device_name(device: str) -> str:
    """The hardware behind a device of this machine ("cuda:0", "cpu"): what it is sold as. Loads torch."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    return "Apple GPU" if device == "mps" else processor()


def memory_mib(device: str) -> int:
    """The memory of a device of this machine, in MiB: a GPU's own, else the machine's; 0 where the system does not say. Loads torch."""
    import torch

    if device.startswith("cuda"):
        return int(torch.cuda.get_device_properties(device).total_memory >> 20)
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    except (AttributeError, ValueError, OSError):  # there is no sysconf on Windows
        return 0


def processor() -> str:
    """The processor's model and the instructions that torch uses of it, which decide the last bits. Loads torch."""
    import torch

    model = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        names = [line for line in info.read_text(errors="replace").splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return f"{model} ({torch.backends.cpu.get_cpu_capability()})"


def operating_system() -> str:
    """The operating system and the kind of machine: "Debian GNU/Linux 13, x86_64"."""
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        name = f"{platform.system()} {platform.release()}"
    return f"{name}, {platform.machine()}"


def detect() -> Machine:
    """This machine, as torch sees it."""
    import torch

    devices: list[str] = []
    labels: list[str] = []
    fast: list[str] = []
    for index in range(torch.cuda.device_count()):
        devices.append(f"cuda:{index}")
        labels.append(torch.cuda.get_device_name(index))
        if torch.cuda.is_bf16_supported(including_emulation=False):
            fast.append(f"cuda:{index}")
    if torch.backends.mps.is_available():
        devices.append("mps")
        labels.append("Apple GPU")
    devices.append("cpu")
    labels.append(f"CPU, {usable_cores()} cores")
    if torch.backends.cpu.get_cpu_capability() != "DEFAULT" and _has_fast_bf16():
        fast.append("cpu")
    return Machine(tuple(devices), tuple(labels), default_threads(), tuple(fast))


def _has_fast_bf16() -> bool:
    """Whether the processor multiplies bf16 itself (AVX512-BF16 or AMX); emulated bf16 is slower than fp32."""
    import torch

    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in checks)
