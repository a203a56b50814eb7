"""A trained model for a notebook, from the Hub or from a run directory: what `gan_core.load` gives."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.config import RunConfig, settings
from gan_core.hub.orders import Pull
from gan_core.hub.transfer import start
from gan_core.runs import Run, adoption

if TYPE_CHECKING:
    from gan_core.runs.sampler import Sampler, Uint8Array

MAX_SAMPLES = 4096


class LoadedModel:
    """A trained model that draws.

    Attributes:
        config: all that is needed to repeat its run.
        step: training steps behind it.
        revision: the commit on the Hub that it came from; empty for a run that was made here.
    """

    def __init__(self, sampler: Sampler, revision: str) -> None:
        self._sampler = sampler
        self.config: RunConfig = sampler.config
        self.step = sampler.step
        self.revision = revision

    @property
    def label_names(self) -> tuple[str, ...]:
        """The labels that `sample` takes, in their order; empty for a model without conditions."""
        return self.config.conditioning.labels

    def sample(self, count: int, seed: int = 0, labels: Sequence[Sequence[float]] | None = None) -> Uint8Array:
        """Images, uint8 (count, channels, height, width): the same for the same seed.

        Args:
            count: how many.
            seed: of the latents; the first images of a seed are the same whatever the count.
            labels: (count, L) of 0 and 1 in the order of `label_names`; those of the run's sample grid if None.

        Raises:
            ValueError: if count, seed or labels are not valid.
        """
        import numpy as np

        if not 1 <= count <= MAX_SAMPLES:
            raise ValueError(f"count must lie between 1 and {MAX_SAMPLES}; got {count}.")
        if seed < 0:
            raise ValueError(f"seed must be 0 or more; got {seed}.")
        if labels is None:
            return self._sampler.draw(count, seed)
        wanted = np.asarray(labels, dtype=np.float32)
        if wanted.shape != (count, len(self.label_names)) or not np.isin(wanted, (0, 1)).all():
            raise ValueError(
                f"labels must be {count} rows of {len(self.label_names)} numbers, each 0 or 1; got shape {wanted.shape}."
            )
        return self._sampler.draw(count, seed, wanted)

    def __repr__(self) -> str:
        where = f" at {self.revision[:8]}" if self.revision else ""
        return f"<{self.config.preset} ({self.config.network.name}), step {self.step:,}{where}>"


def load(source: str | Path, revision: str | None = None, token: str | None = None) -> LoadedModel:
    """A trained model, ready to draw.

    Args:
        source: "user/name" on the Hub, or a run directory. What comes from the Hub is checked as every fetched run is
            and kept in the cache, so that the same commit is fetched once.
        revision: a branch, tag or commit on the Hub.
        token: for a private repository; the computer's own login if None.

    Raises:
        ValueError: if there is no such run or repository, or it is damaged.
    """
    if Path(source).is_dir():
        run = Run(Path(source).resolve())
    else:
        order = Pull(str(source), revision or "", reuse=True)
        transfer = start(order, token=token, runs_dir=settings.cache_dir() / "hub")
        try:
            progress = transfer.wait()
        except KeyboardInterrupt:
            transfer.cancel()
            raise
        if progress.state != "done":
            raise ValueError(progress.error)
        run = Run(Path(progress.result["run"]))
        if words := progress.result.get("unreachable"):
            revision = progress.result["revision"]
            warnings.warn(f"{words} The copy of revision {revision} that was fetched before is used.", stacklevel=2)
    from gan_core.runs.sampler import open_sampler

    origin = adoption.origin(run)
    return LoadedModel(open_sampler(run), origin.revision if origin else "")
