"""The Inception-style score: closed forms, and equal to torch-fidelity's on the same verdicts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch_fidelity.metric_isc import isc_features_to_metric

from gan_core.evaluation.metrics.inception_score import inception_score


def test_verdicts_that_tell_nothing_score_one_and_sure_varied_ones_the_number_of_classes():
    assert inception_score(np.full((100, 7), 1 / 7)) == pytest.approx(1)
    assert inception_score(np.eye(5)[np.arange(100) % 5]) == pytest.approx(5)
    assert inception_score(np.eye(5)[np.zeros(100, int)]) == pytest.approx(1)  # sure, and always the same


def test_independent_labels_score_the_number_of_their_combinations():
    rows = np.arange(80)
    three = np.stack([rows % 2, rows // 2 % 2, rows // 4 % 2], axis=1)  # every split of 8 has all combinations
    assert inception_score(three, exclusive=False) == pytest.approx(8)


def test_it_equals_torch_fidelity():
    logits = torch.randn(230, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3
    theirs = isc_features_to_metric(logits, splits=10, shuffle=False)["inception_score_mean"]
    assert inception_score(torch.softmax(logits, 1).numpy()) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize(
    ("verdicts", "words"), [(np.full((5, 3), 1 / 3), "at least 10"), (np.full((50, 3), 2.0), "between 0 and 1")]
)
def test_what_is_no_verdict_is_refused(verdicts, words):
    with pytest.raises(ValueError, match=words):
        inception_score(verdicts)
