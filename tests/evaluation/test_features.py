"""The loop over images."""

from __future__ import annotations

import pytest

from gan_core.evaluation.features import in_batches


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (6, [3, 3]), (7, [3, 3, 1])])
def test_every_image_is_in_one_batch_and_each_batch_is_reported(count, sizes):
    done = []
    parts = in_batches(count, lambda part: list(range(count))[part], done.append, batch=3)
    assert [len(part) for part in parts] == sizes
    assert [place for part in parts for place in part] == list(range(count))
    assert done == [sum(sizes[: number + 1]) for number in range(len(sizes))]
