"""20 steps of training and 50 of sampling, beside a program that does the same with plain torch in a straight line."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from helpers import tiny

from gan_core.models.base import TrainingProgress
from gan_core.models.building import build, decode

T, NUM_STEPS = 200, 20


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_training_and_sampling_are_those_of_a_straight_line(eta):
    config = tiny(
        network__name="mlp_time", dataset__name="ring8", diffusion__objective="epsilon", diffusion__schedule="linear",
        diffusion__steps=T, diffusion__eta=eta, training__ema_decay=0.0, generator_optimizer__learning_rate=1e-3,
    )  # fmt: skip
    model = build(config, "cpu")
    network = copy.deepcopy(model.networks["denoiser"])
    data = torch.randn(NUM_STEPS, 16, 2, generator=torch.Generator().manual_seed(3))

    losses = []
    for step in range(NUM_STEPS):
        updates = model.train_step(data[step], torch.zeros(16, 0), TrainingProgress(step, NUM_STEPS))
        next(updates).loss.backward()
        model.optimizers["denoiser"].step()
        model.optimizers["denoiser"].zero_grad()
        with pytest.raises(StopIteration) as done:
            next(updates)
        losses.append(done.value.value["loss/diffusion"].item())

    # the same, from the paper
    bars, kept = [1.0], 1.0
    for i in range(T):
        kept *= 1 - (1e-4 + i / (T - 1) * 0.0199) * 1000 / T
        bars.append(kept)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, betas=(0.5, 0.999))
    plain = []
    for step in range(NUM_STEPS):
        rng = torch.Generator().manual_seed(model.rng.initial_seed() + step)
        t = torch.randint(1, T + 1, (16,), generator=rng)
        torch.rand(16, generator=rng)  # which labels are hidden; there are none
        noise = torch.randn(16, 2, generator=rng)
        bar = torch.tensor([bars[i] for i in t.tolist()])[:, None]
        x = bar.sqrt() * data[step] + (1 - bar).sqrt() * noise
        loss = ((network(x, t / T, torch.zeros(16, 0)) - noise) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        plain.append(loss.item())
    assert losses == pytest.approx(plain, rel=1e-4)

    z = torch.randn(3, 2, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        drawn = decode(config, model.networks["denoiser"], z, torch.zeros(3, 0))
        from gan_core.models.diffusion import noise_of

        fresh, x = noise_of(z, (2,)), z
        for k in range(50, 0, -1):
            now, after = bars[4 * k], bars[4 * (k - 1)]
            noise = network(x, torch.full((3,), 4 * k / T), torch.zeros(3, 0))
            sigma = eta * math.sqrt((1 - after) / (1 - now)) * math.sqrt(1 - now / after)
            mean = (x - math.sqrt(1 - now) * noise) / math.sqrt(now) * math.sqrt(after)
            x = mean + math.sqrt(1 - after - sigma**2) * noise
            if sigma > 0:
                x = x + sigma * next(fresh)
    torch.testing.assert_close(drawn, x, rtol=1e-3, atol=1e-4)
