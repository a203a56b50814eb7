"""Results of papers for the methods on the tasks, and the targets here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """A paper's result for a method on a task; None where it reports nothing.

    Attributes:
        captured, spread: modes found, mean and the paper's "+-" over its runs.
        high_quality: share of high-quality samples.
        reverse_kl: in nats.
        source: the paper.
    """

    captured: float
    source: str
    spread: float | None = None
    high_quality: float | None = None
    reverse_kl: float | None = None


_PACGAN = "Lin et al. 2018, PacGAN, 10 runs"
PUBLISHED: dict[tuple[str, str], tuple[Published, ...]] = {
    ("ring8", "bce"): (Published(6.3, _PACGAN, 0.5, 0.982),),
    ("ring8", "pacgan2"): (Published(7.9, _PACGAN, 0.1, 0.956),),
    ("ring8", "pacgan4"): (Published(7.8, _PACGAN, 0.1, 0.959),),
    ("grid25", "bce"): (Published(17.3, _PACGAN, 0.8, 0.948),),
    ("grid25", "pacgan2"): (Published(23.8, _PACGAN, 0.7, 0.913),),
    ("grid25", "pacgan4"): (Published(24.8, _PACGAN, 0.2, 0.936),),
    ("stacked-mnist", "bce"): (
        Published(99.0, "Srivastava et al. 2017, VEEGAN, of DCGAN"),
        Published(78.9, "Lin et al. 2018, PacGAN, of DCGAN"),
    ),
    ("stacked-mnist", "pacgan2"): (Published(1000.0, "Lin et al. 2018, PacGAN, of PacDCGAN2", reverse_kl=0.06),),
}  # fmt: skip
TARGETS = {("ring8", "pacgan2"): 7.8, ("grid25", "pacgan2"): 23.8}
"""(task, method) -> mean number of modes to be captured here."""
