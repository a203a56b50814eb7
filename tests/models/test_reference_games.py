"""Every system of the reports against an independent straight-line implementation of its paper.

Same first weights, same batches, same noise: after 20 steps the losses and all weights must be equal to float tolerance.
The references below know nothing of gan_core but the networks; they are written as the papers' algorithms read.
"""

import copy

import pytest
import torch
from torch import nn

from gan_core.config import RunConfig, with_changes
from gan_core.config.devices import Machine
from gan_core.models.base import TrainingProgress
from gan_core.models.building import build
from gan_core.training.plan import resolve

torch.set_num_threads(1)
STEPS, BATCH, Z = 20, 16, 8
MACHINE = Machine(("cpu",), ("cpu",), 1, ())
BASE = {
    "dataset.num_images": 64,
    "dataset.image_size": 16,
    "network.width": 4,
    "network.latent_dim": Z,
    "training.batch_size": BATCH,
}


def make(**changes):
    return resolve(
        with_changes(RunConfig(), {**BASE, **{k.replace("__", "."): v for k, v in changes.items()}}), MACHINE
    )


def batches(labels: int):
    rng = torch.Generator().manual_seed(7)
    for _ in range(STEPS):
        images = torch.rand(BATCH, 1, 16, 16, generator=rng) * 2 - 1
        yield images, torch.eye(max(labels, 1))[torch.arange(BATCH) % max(labels, 1)][:, :labels]


def play(model, labels: int = 0, as_type=torch.float32):
    """Our side: makes every update as the loop does; returns the losses by step."""
    losses = []
    for step, (images, y) in enumerate(batches(labels)):
        updates = model.train_step(images.to(as_type), y, TrainingProgress(step, STEPS))
        try:
            while True:
                update = next(updates)
                update.loss.backward()
                model.optimizers[update.optimizer].step()
                model.optimizers[update.optimizer].zero_grad()
        except StopIteration as done:
            losses.append({k: float(v) for k, v in done.value.items() if k.startswith("loss/")})
    return losses


def twins(config):
    """Our model, and copies of its networks and noise for the reference."""
    model = build(config, "cpu")
    g, d = copy.deepcopy(model.networks["generator"]), copy.deepcopy(model.networks["discriminator"])
    rng = torch.Generator()
    rng.set_state(model.rng.get_state())
    return model, g, d, rng


def assert_same(model, networks, ours, reference):
    for step, (mine, theirs) in enumerate(zip(ours, reference, strict=True)):
        for name, value in theirs.items():
            assert mine[name] == pytest.approx(value, rel=2e-3, abs=2e-5), f"{name} at step {step}"
    for name, network in networks.items():
        for (key, mine), (_, theirs) in zip(
            model.networks[name].state_dict().items(), network.state_dict().items(), strict=True
        ):
            torch.testing.assert_close(mine, theirs, rtol=2e-3, atol=2e-5, msg=f"{name}.{key}")


def adam(network, rate, betas):
    return torch.optim.Adam(network.parameters(), lr=rate, betas=betas)


def test_dcgan_equals_the_pytorch_example():
    model, g, d, rng = twins(make())
    opt_g, opt_d, bce = adam(g, 2e-4, (0.5, 0.999)), adam(d, 2e-4, (0.5, 0.999)), nn.BCELoss()
    reference = []
    for real, y in batches(0):
        fake = g(torch.randn(BATCH, Z, generator=rng))
        d.zero_grad()
        loss_real = bce(torch.sigmoid(d(real, y)[0]), torch.ones(BATCH))
        loss_real.backward()
        loss_fake = bce(torch.sigmoid(d(fake.detach(), y)[0]), torch.zeros(BATCH))
        loss_fake.backward()
        opt_d.step()
        g.zero_grad()
        loss_g = bce(torch.sigmoid(d(fake, y)[0]), torch.ones(BATCH))
        loss_g.backward()
        opt_g.step()
        reference.append({"loss/d": float((loss_real + loss_fake).detach()), "loss/g": loss_g.item()})
    assert_same(model, {"generator": g, "discriminator": d}, play(model), reference)


def test_wgan_equals_algorithm_1_of_its_paper():
    rmsprop = {"name": "rmsprop", "learning_rate": 5e-5, "beta2": 0.99}
    changes = {f"{n}_optimizer__{k}": v for n in ("generator", "discriminator") for k, v in rmsprop.items()}
    model, g, d, rng = twins(
        make(objective__name="wasserstein", objective__weight_clip=0.01, objective__n_critic=5, **changes)
    )
    opt_g = torch.optim.RMSprop(g.parameters(), lr=5e-5)
    opt_d = torch.optim.RMSprop(d.parameters(), lr=5e-5)
    reference = []
    for step, (real, y) in enumerate(batches(0), start=1):
        fake = g(torch.randn(BATCH, Z, generator=rng))
        opt_d.zero_grad()
        loss_d = -d(real, y)[0].mean() + d(fake.detach(), y)[0].mean()
        loss_d.backward()
        opt_d.step()
        for weight in d.parameters():
            weight.data.clamp_(-0.01, 0.01)
        losses = {"loss/d": loss_d.item()}
        if step % 5 == 0:
            opt_g.zero_grad()
            loss_g = -d(fake, y)[0].mean()
            loss_g.backward()
            opt_g.step()
            losses["loss/g"] = loss_g.item()
        reference.append(losses)
    assert_same(model, {"generator": g, "discriminator": d}, play(model), reference)
    assert all(float(w.abs().max()) <= 0.01 for w in model.networks["discriminator"].parameters())


def test_wgan_gp_equals_algorithm_1_of_its_paper():
    model, g, d, rng = twins(
        make(
            objective__name="wasserstein", penalty__name="gradient", network__discriminator_norm="none",
            generator_optimizer__beta1=0.0, generator_optimizer__beta2=0.9,
            discriminator_optimizer__beta1=0.0, discriminator_optimizer__beta2=0.9,
        )
    )  # fmt: skip
    opt_g, opt_d = adam(g, 2e-4, (0.0, 0.9)), adam(d, 2e-4, (0.0, 0.9))
    reference = []
    for real, y in batches(0):
        fake = g(torch.randn(BATCH, Z, generator=rng))
        opt_d.zero_grad()
        epsilon = torch.rand(BATCH, generator=rng)[:, None, None, None]
        x_hat = ((1 - epsilon) * real + epsilon * fake.detach()).requires_grad_(True)
        gradient = torch.autograd.grad(d(x_hat, y)[0].sum(), x_hat, create_graph=True)[0]
        penalty = ((gradient.flatten(1).norm(2, dim=1) - 1) ** 2).mean()
        wasserstein = d(fake.detach(), y)[0].mean() - d(real, y)[0].mean()
        (wasserstein + 10 * penalty).backward()
        opt_d.step()
        opt_g.zero_grad()
        loss_g = -d(fake, y)[0].mean()
        loss_g.backward()
        opt_g.step()
        reference.append({"loss/d": wasserstein.item(), "loss/penalty": penalty.item(), "loss/g": loss_g.item()})
    assert_same(model, {"generator": g, "discriminator": d}, play(model), reference)


def test_lsgan_equals_its_equation_9():
    model, g, d, rng = twins(make(objective__name="least_squares"))
    opt_g, opt_d = adam(g, 2e-4, (0.5, 0.999)), adam(d, 2e-4, (0.5, 0.999))
    reference = []
    for real, y in batches(0):
        fake = g(torch.randn(BATCH, Z, generator=rng))
        opt_d.zero_grad()
        loss_d = 0.5 * ((d(real, y)[0] - 1) ** 2).mean() + 0.5 * (d(fake.detach(), y)[0] ** 2).mean()
        loss_d.backward()
        opt_d.step()
        opt_g.zero_grad()
        loss_g = 0.5 * ((d(fake, y)[0] - 1) ** 2).mean()
        loss_g.backward()
        opt_g.step()
        reference.append({"loss/d": loss_d.item(), "loss/g": loss_g.item()})
    assert_same(model, {"generator": g, "discriminator": d}, play(model), reference)


def test_sngan_equals_hinge_on_spectrally_normalised_weights():
    model, g, d, rng = twins(
        make(objective__name="hinge", network__spectral_norm=True, network__discriminator_norm="none")
    )
    opt_g, opt_d = adam(g, 2e-4, (0.5, 0.999)), adam(d, 2e-4, (0.5, 0.999))
    reference = []
    for real, y in batches(0):
        fake = g(torch.randn(BATCH, Z, generator=rng))
        opt_d.zero_grad()
        real_logits, fake_logits = d(real, y)[0], d(fake.detach(), y)[0]
        zero = torch.zeros(BATCH)
        loss_d = -torch.minimum(zero, real_logits - 1).mean() - torch.minimum(zero, -fake_logits - 1).mean()
        loss_d.backward()
        opt_d.step()
        opt_g.zero_grad()
        loss_g = -d(fake, y)[0].mean()
        loss_g.backward()
        opt_g.step()
        reference.append({"loss/d": loss_d.item(), "loss/g": loss_g.item()})
    assert_same(model, {"generator": g, "discriminator": d}, play(model), reference)


def in_float64(config):
    """Our model and the copies for the reference, in float64; our discriminator's weights are made double, too."""
    model, g, d, rng = twins(config)
    for network in (*model.networks.values(), g, d):
        network.double()
    return model, g, d, rng


def squared_slope(d, x, y):
    """The mean of ||gradient||^2 / 2 of D's logit at samples x, as R1 and R2 have it."""
    x = x.detach().clone().requires_grad_(True)
    gradient = torch.autograd.grad(d(x, y)[0].sum(), x, create_graph=True)[0]
    return 0.5 * (gradient**2).sum(dim=(1, 2, 3)).mean()


@pytest.mark.parametrize(
    ("penalty", "on_real", "on_fake"), [("none", 0, 0), ("r1", 1, 0), ("r2", 0, 1), ("r1_r2", 1, 1)]
)
def test_relativistic_pairs_equal_r3gans_losses_in_float64(penalty, on_real, on_fake, monkeypatch):
    config = make(
        objective__name="relativistic", penalty__name=penalty, penalty__weight=2.0, network__discriminator_norm="none",
        generator_optimizer__beta1=0.0, discriminator_optimizer__beta1=0.0,
    )  # fmt: skip
    model, g, d, rng = in_float64(config)
    monkeypatch.setattr(model, "draw_latents", lambda count: torch.randn(count, Z, generator=model.rng).double())
    opt_g, opt_d = adam(g, 2e-4, (0.0, 0.999)), adam(d, 2e-4, (0.0, 0.999))
    reference = []
    for images, y in batches(0):
        real = images.double()
        fake = g(torch.randn(BATCH, Z, generator=rng).double())
        opt_d.zero_grad()
        loss_d = -torch.log(torch.sigmoid(d(real, y)[0] - d(fake.detach(), y)[0])).mean()
        slopes = on_real * squared_slope(d, real, y) + on_fake * squared_slope(d, fake, y)
        (loss_d + 2.0 * slopes).backward()
        opt_d.step()
        opt_g.zero_grad()
        loss_g = -torch.log(torch.sigmoid(d(fake, y)[0] - d(real, y)[0])).mean()
        loss_g.backward()
        opt_g.step()
        reference.append({"loss/d": loss_d.item(), "loss/g": loss_g.item()})
        if penalty != "none":
            reference[-1]["loss/penalty"] = slopes.item()
    ours = play(model, as_type=torch.float64)
    assert not [name for step in ours for name in ("loss/d_real", "loss/d_fake") if name in step]
    for mine, theirs in zip(ours, reference, strict=True):
        assert mine == pytest.approx(theirs, rel=1e-9, abs=1e-12)
    for name, network in (("generator", g), ("discriminator", d)):
        for (key, mine), (_, theirs) in zip(
            model.networks[name].state_dict().items(), network.state_dict().items(), strict=True
        ):
            torch.testing.assert_close(mine, theirs, rtol=1e-7, atol=1e-10, msg=f"{name}.{key}")


def test_acgan_equals_its_two_objectives():
    model, g, d, rng = twins(make(conditioning__name="acgan"))
    opt_g, opt_d = adam(g, 2e-4, (0.5, 0.999)), adam(d, 2e-4, (0.5, 0.999))
    reference = []
    for real, y in batches(10):
        classes = y.argmax(1)
        fake = g(torch.cat([torch.randn(BATCH, Z, generator=rng), y], 1))
        opt_d.zero_grad()
        (source_real, class_real), (source_fake, class_fake) = d(real, y), d(fake.detach(), y)
        source = -torch.log(torch.sigmoid(source_real)).mean() - torch.log(1 - torch.sigmoid(source_fake)).mean()
        nll = nn.NLLLoss()
        label_real, label_fake = nll(class_real.log_softmax(1), classes), nll(class_fake.log_softmax(1), classes)
        (source + label_real + label_fake).backward()
        opt_d.step()
        opt_g.zero_grad()
        source_fake, class_fake = d(fake, y)
        loss_g = -torch.log(torch.sigmoid(source_fake)).mean()
        (loss_g + nll(class_fake.log_softmax(1), classes)).backward()
        opt_g.step()
        reference.append(
            {"loss/d": source.item(), "loss/g": loss_g.item(), "loss/label_real": label_real.item(),
             "loss/label_fake": label_fake.item()}
        )  # fmt: skip
    assert_same(model, {"generator": g, "discriminator": d}, play(model, labels=10), reference)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_vae_equals_the_reports_loss(reduction):
    config = make(
        network__name="vae", vae__kl_reduction=reduction, vae__kl_weight=5e-3,
        generator_optimizer__name="adamax", generator_optimizer__learning_rate=5e-4, generator_optimizer__beta1=0.9,
    )  # fmt: skip
    model = build(config, "cpu")
    encoder, decoder = (copy.deepcopy(model.networks[n]) for n in ("encoder", "decoder"))
    rng = torch.Generator()
    rng.set_state(model.rng.get_state())
    optimizer = torch.optim.Adamax([*encoder.parameters(), *decoder.parameters()], lr=5e-4, betas=(0.9, 0.999))
    reference = []
    for images, _ in batches(0):
        pixels = (images + 1) / 2
        mean, log_variance = encoder(images)
        spread = torch.exp(log_variance).sqrt()
        decoded = torch.sigmoid(decoder(mean + spread * torch.randn(BATCH, Z, generator=rng)))
        mse = ((decoded - pixels) ** 2).mean()
        divergence = torch.distributions.kl_divergence(
            torch.distributions.Normal(mean, spread), torch.distributions.Normal(0.0, 1.0)
        )
        kl = divergence.sum(1).mean() if reduction == "sum" else divergence.mean()
        optimizer.zero_grad()
        (5e-3 * kl + mse).backward()
        optimizer.step()
        reference.append({"loss/reconstruction": mse.item(), "loss/kl": kl.item()})
    assert_same(model, {"encoder": encoder, "decoder": decoder}, play(model), reference)
