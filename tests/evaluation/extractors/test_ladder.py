"""A ladder of pictures that get worse: what claims quality must say so, with every extractor that is shipped."""

from __future__ import annotations

import pytest
import torch

from gan_core.evaluation.metrics import weighted
from tools.ladder import extractor_of, pictures, rungs

NUM = 150
SLOW = ("faces", "blocks", "planes", "general, blocks")
EXTRACTORS = ("digits", "general, digits", *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW))
NO_BETTER_THAN_NOTHING = 0.05


@pytest.fixture(scope="module", params=EXTRACTORS)
def ladder(request: pytest.FixtureRequest) -> tuple[str, dict[str, dict[str, float]]]:
    """The extractor's name, and each metric of its features at every rung: {metric: {rung: value}}."""
    torch.set_num_threads(1)
    extractor = extractor_of(request.param)
    unseen = extractor.features(pictures(request.param, NUM, unseen=True)).features
    found = {rung: extractor.features(images).features for rung, images in rungs(request.param, NUM).items()}
    return request.param, {
        metric: {rung: weighted(metric, unseen, seen).value for rung, seen in found.items()}
        for metric in ("fd", "kd", "precision", "density", "coverage")
    }


@pytest.mark.parametrize("metric", ["fd", "kd"])
def test_a_distance_grows_down_to_noise(ladder, metric: str):
    name, values = ladder
    at = values[metric]
    assert at["real"] < at["blurred"] < at["coarse noise"] < at["noise"]
    assert at["grey"] > 2 * at["blurred"]
    if name == "faces":  # digits on black and blocks before grey are nearer to an even grey than to noise
        assert at["noise"] < at["grey"]


@pytest.mark.parametrize("metric", ["precision", "density", "coverage"])
def test_a_share_of_good_pictures_falls_down_to_nothing(ladder, metric: str):
    _, values = ladder
    at = values[metric]
    assert at["real"] > at["blurred"] > at["coarse noise"] >= at["noise"] >= at["grey"] == 0
    assert at["real"] > 0.7 and at["noise"] < NO_BETTER_THAN_NOTHING
