"""What is proposed for pictures of one's own can start, at every count, and follows from count and device."""

from __future__ import annotations

import pytest

from gan_core.config import with_changes
from gan_core.presets import own_data, preset_config
from gan_core.training import plan


@pytest.mark.parametrize("count", [2, 3, 31, 32, 33, 160, 999, 1_000, 2_000, 202_599])
@pytest.mark.parametrize("device", ["cpu", "cuda:0"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_proposal_can_start_and_makes_the_steps_that_it_says(count, device, channels):
    found = own_data.proposed(count, channels, device)
    config = with_changes(
        preset_config("r1-dcgan-lite"), {**found, "dataset.channels": channels, "dataset.num_images": count}
    )
    plan.check(config)
    plan.check_data(config, count)
    budget = own_data.BUDGETS["cpu" if device == "cpu" else "gpu"]
    assert plan.total_steps(config, count) == budget.steps == config.training.max_steps
    assert (config.dataset.image_size, config.network.width) == (budget.image_size, budget.width)


def test_few_pictures_have_small_batches_and_are_changed_at_random():
    few, many = own_data.proposed(160, 3, "cpu"), own_data.proposed(50_000, 3, "cpu")
    assert few["training.batch_size"] < many["training.batch_size"]
    assert few["augmentation.kinds"] == ("color", "translation", "cutout") and not many["augmentation.kinds"]
    assert own_data.proposed(160, 1, "cpu")["augmentation.kinds"] == (
        "translation",
        "cutout",
    )  # a grey picture has no colour
