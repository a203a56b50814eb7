"""A network that does not learn: each bound from both sides, and the exact steps."""

from __future__ import annotations

import numpy as np
import pytest

from tests.analysis.doctor.steady import changes, sign, steady, when

STANDING = {"spread/fake": 0.5, "spread/real": 1.0, "nearest/fake": 0.5, "nearest/real": 1.0, "logit/gap": 3.0}


def test_a_discriminator_that_takes_fakes_for_real_does_not_learn():
    found = sign("discriminator_idle", steady({"logit/gap": -2.0}))
    assert (found.step, found.since, found.lasting) == (180, 101, True)
    assert (
        "From step 101 to 180 D rated generated images as more real than real ones, by 2.0 standard" in found.evidence
    )
    assert when("discriminator_idle", steady({"logit/gap": -0.51})) is not None
    assert when("discriminator_idle", steady({"logit/gap": -0.49})) is None
    assert when("discriminator_idle", steady({"logit/gap": -2.0}, 600, objective__n_critic=5)) == (580, 501, True)


def test_a_generator_whose_images_stay_what_they_were_does_not_learn():
    found = sign("generator_idle", steady(STANDING))
    assert (found.step, found.since, found.lasting) == (280, 201, True)
    assert (
        "differed from each other by 0.500, as at the first probe, while D separated them from real ones by 3.0"
        in found.evidence
    )


@pytest.mark.parametrize(
    ("changed", "there"),
    [
        ({"logit/gap": 2.1}, True), ({"logit/gap": 1.9}, False), ({"spread/fake": 0.59}, True), ({"spread/fake": 0.61}, False),
        ({"nearest/fake": 0.61}, False),
        ({"spread/fake": np.concatenate([[0.5], np.full(399, 0.544)])}, True),
        ({"spread/fake": np.concatenate([[0.5], np.full(399, 0.556)])}, False),
        ({"nearest/fake": np.concatenate([[0.5], np.full(399, 0.444)])}, False),
    ],
)  # fmt: skip
def test_a_generator_stands_still_within_all_bounds_only(changed, there):
    assert (when("generator_idle", steady(STANDING | changed)) is not None) == there


def test_the_one_that_does_not_learn_is_given_a_usual_rate():
    tiny = {"generator_optimizer__learning_rate": 1e-8, "discriminator_optimizer__learning_rate": 1e-3}
    assert changes("generator_idle", **tiny) == [{"generator_optimizer.learning_rate": 2e-4}]
    assert changes("discriminator_idle", **tiny) == [{"discriminator_optimizer.learning_rate": 4e-3}]
    assert changes("generator_idle", network__name="vae") == []
