"""How an epoch's images are dealt out in batches. Free of torch: counts are told before anything trains."""

from __future__ import annotations

from dataclasses import dataclass

from gan_core.config import MIN_BATCH_SIZE


@dataclass(frozen=True)
class Epoch:
    """Once through the images in a new order: full batches, then a smaller one of what is left, in whole packs.

    What is left is passed over when it makes fewer than MIN_BATCH_SIZE packs, of which batch norm could learn nothing. Which
    images those are changes with the order, so none is left out for long.

    Attributes:
        num_images, batch_size: of the data set, and of a full batch.
        packing: images that the discriminator judges together.
    """

    num_images: int
    batch_size: int
    packing: int = 1

    @property
    def left(self) -> int:
        """Images in the smaller last batch; 0 without one. Of fewer images than a batch all are in it."""
        left = self.num_images % self.batch_size
        whole = left // self.packing * self.packing
        return whole if whole >= MIN_BATCH_SIZE * self.packing else left if left == self.num_images else 0

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return self.num_images // self.batch_size + (self.left > 0)

    @property
    def images(self) -> int:
        """Images that an epoch's batches hold."""
        return self.num_images // self.batch_size * self.batch_size + self.left

    def seen(self, step: int) -> int:
        """Images in the first `step` batches of a run."""
        epochs, position = divmod(step, self.steps)
        return epochs * self.images + min(position * self.batch_size, self.images)
