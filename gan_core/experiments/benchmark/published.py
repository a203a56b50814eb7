"""Results of papers for the methods on the tasks, and the targets here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """A paper's result for a method on a task; None where it reports nothing.

    Attributes:
        captured, spread: modes found, mean and the paper's "+-" over its runs: PacGAN's standard error (its table 1).
        high_quality: share of high-quality samples.
        reverse_kl: in nats; PacGAN's code counts samples of high quality only.
        source: the paper.
    """

    captured: float
    source: str
    spread: float | None = None
    high_quality: float | None = None
    reverse_kl: float | None = None


_PACGAN = "Lin et al. 2018, PacGAN, 10 runs"
_GDPP = "Elfeki et al. 2019, GDPP, batch 512, 25,000 steps"
PUBLISHED: dict[tuple[str, str], tuple[Published, ...]] = {
    ("ring8", "bce"): (Published(6.3, _PACGAN, 0.5, 0.982, 0.45),),
    ("ring8", "pacgan2"): (Published(7.9, _PACGAN, 0.1, 0.956, 0.07),),
    ("ring8", "pacgan4"): (Published(7.8, _PACGAN, 0.1, 0.959, 0.07),),
    ("ring8", "wgan-gp"): (Published(6.8, f"{_GDPP}, of 7 distinct modes", high_quality=0.596),),
    ("grid25", "bce"): (Published(17.3, _PACGAN, 0.8, 0.948, 0.70),),
    ("grid25", "pacgan2"): (Published(23.8, _PACGAN, 0.7, 0.913, 0.13),),
    ("grid25", "pacgan4"): (Published(24.8, _PACGAN, 0.2, 0.936, 0.04),),
    ("grid25", "wgan-gp"): (Published(24.2, _GDPP, high_quality=0.287),),
    ("stacked-mnist", "bce"): (
        Published(99.0, "Srivastava et al. 2017, VEEGAN, of DCGAN", reverse_kl=3.40),
        Published(78.9, "Lin et al. 2018, PacGAN, of DCGAN", 6.46, reverse_kl=4.50),
    ),
    ("stacked-mnist", "pacgan2"): (Published(1000.0, "Lin et al. 2018, PacGAN, of PacDCGAN2", 0.0, reverse_kl=0.06),),
    ("stacked-mnist", "pacgan4"): (Published(1000.0, "Lin et al. 2018, PacGAN, of PacDCGAN4", 0.0, reverse_kl=0.07),),
    ("stacked-mnist", "wgan-gp"): (Published(995.0, "Elfeki et al. 2019, GDPP", reverse_kl=0.148),),
    ("stacked-mnist", "wgan"): (Published(961.0, "Elfeki et al. 2019, GDPP", reverse_kl=0.140),),
}  # fmt: skip
TARGETS = {("ring8", "pacgan2"): 7.8, ("grid25", "pacgan2"): 23.8}
"""(task, method) -> mean number of modes to be captured here."""
