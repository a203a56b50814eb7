"""One GAN step against the PyTorch DCGAN example, written out line by line."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from gan_core.config import DatasetConfig, NetworkConfig, RunConfig, TrainingConfig, with_changes
from gan_core.models.base import TrainingProgress, unwrapped
from gan_core.models.building import build, stream
from gan_core.models.gan import GAN
from gan_core.training import loop

Z, WIDTH, BATCH = 8, 4, 8
PROGRESS = TrainingProgress(0, 20)
NO_LABELS = torch.zeros(3, 0)
CONFIG = RunConfig(
    dataset=DatasetConfig(image_size=64, channels=3),
    network=NetworkConfig(width=WIDTH, latent_dim=Z),
    training=TrainingConfig(ema_decay=0.9, precision="fp32", device="cpu", threads=1),
)


def example_generator(nz: int, ngf: int, nc: int) -> nn.Sequential:
    """pytorch/examples dcgan/main.py."""
    return nn.Sequential(
        nn.ConvTranspose2d(nz, ngf * 8, 4, 1, 0, bias=False),
        *(nn.BatchNorm2d(ngf * 8), nn.ReLU(True), nn.ConvTranspose2d(ngf * 8, ngf * 4, 4, 2, 1, bias=False)),
        *(nn.BatchNorm2d(ngf * 4), nn.ReLU(True), nn.ConvTranspose2d(ngf * 4, ngf * 2, 4, 2, 1, bias=False)),
        *(nn.BatchNorm2d(ngf * 2), nn.ReLU(True), nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False)),
        *(nn.BatchNorm2d(ngf), nn.ReLU(True), nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False), nn.Tanh()),
    )


def example_discriminator(ndf: int, nc: int) -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(nc, ndf, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)),
        *(nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False), nn.BatchNorm2d(ndf * 2), nn.LeakyReLU(0.2, inplace=True)),
        *(nn.Conv2d(ndf * 2, ndf * 4, 4, 2, 1, bias=False), nn.BatchNorm2d(ndf * 4), nn.LeakyReLU(0.2, inplace=True)),
        *(nn.Conv2d(ndf * 4, ndf * 8, 4, 2, 1, bias=False), nn.BatchNorm2d(ndf * 8), nn.LeakyReLU(0.2, inplace=True)),
        nn.Conv2d(ndf * 8, 1, 4, 1, 0, bias=False),
    )


def same_weights(target: nn.Module, source: nn.Module) -> None:
    names = zip(target.state_dict(), source.state_dict().values(), strict=True)
    target.load_state_dict({name: value.clone() for name, value in names})


class Example:
    """The example's training loop, with the probabilities that the report prints, and one more after G's step."""

    def __init__(self, model: GAN) -> None:
        self.g, self.d = example_generator(Z, WIDTH, 3), example_discriminator(WIDTH, 3)
        same_weights(self.g, model.networks["generator"])
        same_weights(self.d, model.networks["discriminator"])
        self.criterion = nn.BCEWithLogitsLoss()
        self.adam_g = torch.optim.Adam(self.g.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.adam_d = torch.optim.Adam(self.d.parameters(), lr=2e-4, betas=(0.5, 0.999))

    def step(self, real: torch.Tensor, noise: torch.Tensor) -> dict[str, float]:
        ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
        self.d.zero_grad()
        output_real = self.d(real).view(-1)
        loss_real = self.criterion(output_real, ones)
        loss_real.backward()
        fake = self.g(noise[:, :, None, None])
        output_fake = self.d(fake.detach()).view(-1)
        loss_fake = self.criterion(output_fake, zeros)
        loss_fake.backward()
        norm_d = torch.stack([p.grad.norm() for p in self.d.parameters()]).norm()
        self.adam_d.step()

        self.g.zero_grad()
        output = self.d(fake).view(-1)
        loss_g = self.criterion(output, ones)
        loss_g.backward()
        norm_g = torch.stack([p.grad.norm() for p in self.g.parameters()]).norm()
        self.adam_g.step()

        with torch.no_grad():  # copies, so that looking changes no running statistics
            fakes = copy.deepcopy(self.g)(noise[:, :, None, None])
            after = copy.deepcopy(self.d)(fakes).view(-1)
        values = {
            "loss/d": loss_real + loss_fake,
            "loss/g": loss_g,
            "loss/d_real": loss_real,
            "loss/d_fake": loss_fake,
            "prob/real": output_real.sigmoid().mean(),
            "prob/fake_before": output_fake.sigmoid().mean(),
            "prob/fake_after": output.sigmoid().mean(),
            "prob/fake_after_g": after.sigmoid().mean(),
            "spread/real": real.std(dim=0, correction=0).mean(),
            "spread/fake": fakes.std(dim=0, correction=0).mean(),
            "nearest/real": nearest(real),
            "nearest/fake": nearest(fakes),
            "logit/gap": (output_real.mean() - output_fake.mean())
            / ((output_real.var(correction=0) + output_fake.var(correction=0)) / 2).sqrt(),
            "grad_norm/d": norm_d,
            "grad_norm/g": norm_g,
        }
        return {name: value.item() for name, value in values.items()}


def nearest(images: torch.Tensor) -> torch.Tensor:
    """Root mean square difference of each image from the one most like it, image by image; averaged."""
    flat = images.flatten(1)
    others = [torch.cat([flat[:place], flat[place + 1 :]]) for place in range(len(flat))]
    return torch.stack(
        [(rest - one).square().mean(1).min().sqrt() for one, rest in zip(flat, others, strict=True)]
    ).mean()


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def model() -> GAN:
    return build(CONFIG, "cpu")


def batches(count: int) -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(5)
    return [torch.rand(BATCH, 3, 64, 64, generator=rng) * 2 - 1 for _ in range(count)]


def set_up(model: GAN):
    """The model as the loop has it: wrapped by Fabric."""
    fabric = loop.make_fabric(CONFIG)
    loop.set_up(fabric, model)
    return fabric


@pytest.fixture
def float64():
    """Rounding of float32 grows from step to step by an amount that depends on the processor."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_twenty_steps_equal_those_of_the_pytorch_example(float64, model):
    example, noise = Example(model), stream(CONFIG.training.seed, "training")
    fabric = set_up(model)
    for real in batches(20):
        metrics = loop.train_step(fabric, model, real, torch.zeros(BATCH, 0), PROGRESS) | model.probe()
        expected = example.step(real, torch.randn(BATCH, Z, generator=noise))
        for name in ("nearest/real", "nearest/fake"):  # measured in float32
            assert metrics.pop(name).item() == pytest.approx(expected.pop(name), rel=1e-5)
        found = {name: value.item() for name, value in metrics.items() if not name.startswith("grad_layer/")}
        assert found == pytest.approx(expected, rel=1e-6)
    for ours, theirs in ((model.networks["generator"], example.g), (model.networks["discriminator"], example.d)):
        for a, b in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)


def trained(real_weight: float, fake_weight: float) -> torch.Tensor:
    """G's weights after 20 steps with these weights of D's losses."""
    config = with_changes(CONFIG, {"objective.real_weight": real_weight, "objective.fake_weight": fake_weight})
    model = build(config, "cpu")
    fabric = set_up(model)
    for real in batches(20):
        loop.train_step(fabric, model, real, torch.zeros(BATCH, 0), PROGRESS)
    return torch.cat([weights.detach().flatten() for weights in model.networks["generator"].parameters()])


def test_adam_does_not_see_a_factor_on_the_discriminators_loss(float64):
    """Kingma and Ba 2015, section 2.1: R2's 1:1 and 0.5:0.5 are one experiment, 7:3 is another."""
    even, halved, uneven = trained(1.0, 1.0), trained(0.5, 0.5), trained(0.7, 0.3)
    assert (halved - even).abs().max() < 1e-5 * even.abs().max()
    assert (uneven - even).abs().max() > 1e-3 * even.abs().max()


def test_the_first_step_equals_the_examples_to_float_precision(model):
    example, noise = Example(model), stream(CONFIG.training.seed, "training")
    real = batches(1)[0]
    metrics = loop.train_step(set_up(model), model, real, torch.zeros(BATCH, 0), PROGRESS)
    expected = example.step(real, torch.randn(BATCH, Z, generator=noise))
    for probed in ("prob/fake_after_g", "spread/real", "spread/fake", "nearest/real", "nearest/fake"):
        del expected[probed]
    assert {name: value.item() for name, value in metrics.items()} == pytest.approx(expected, rel=1e-5)


def test_each_update_gives_gradients_to_its_own_network_alone(model):
    updates = model.train_step(batches(1)[0], torch.zeros(BATCH, 0), PROGRESS)
    for owner, other in (("discriminator", "generator"), ("generator", "discriminator")):
        update = next(updates)
        update.loss.backward()
        assert update.optimizer == owner
        assert all(p.grad is not None for p in model.networks[owner].parameters())
        assert all(p.grad is None for p in model.networks[other].parameters())
        model.optimizers[owner].zero_grad()


def test_the_discriminator_can_learn_again_after_the_generators_step(model):
    loop.train_step(set_up(model), model, batches(1)[0], torch.zeros(BATCH, 0), PROGRESS)
    assert all(p.requires_grad for p in model.networks["discriminator"].parameters())


def snapshot(model: GAN) -> list[torch.Tensor]:
    networks = [*model.networks.values(), *model.averages.values()]
    states = [t.clone() for network in networks for t in network.state_dict().values()]
    modes = [torch.tensor(m.training) for network in networks for m in network.modules()]
    return [*states, *modes, model.rng.get_state(), torch.get_rng_state()]


@pytest.mark.parametrize("look", ["probe", "sample"])
def test_looking_at_a_model_leaves_no_trace_in_its_training(model, look):
    fabric = set_up(model)
    loop.train_step(fabric, model, batches(1)[0], torch.zeros(BATCH, 0), PROGRESS)
    before = snapshot(model)
    model.probe() if look == "probe" else model.sample(
        torch.randn(3, Z, generator=torch.Generator().manual_seed(0)), NO_LABELS
    )
    assert all(torch.equal(a, b) for a, b in zip(before, snapshot(model), strict=True))


def test_a_probe_before_the_first_step_measures_nothing(model):
    assert model.probe() == {}


def test_the_average_has_its_closed_form(model):
    """average_t = d average_(t-1) + (1 - d) weights_t with d = min(0.9, (1 + t) / (10 + t)), from the first weights on."""
    fabric = set_up(model)
    weights = [p.detach().clone() for p in model.networks["generator"].parameters()]
    for step, real in enumerate(batches(5)):
        loop.train_step(fabric, model, real, torch.zeros(BATCH, 0), TrainingProgress(step, 5))
        now, decay = model.networks["generator"].parameters(), min(0.9, (2 + step) / (11 + step))
        weights = [decay * average + (1 - decay) * w.detach() for average, w in zip(weights, now, strict=True)]
    for average, expected in zip(model.averages["generator"].parameters(), weights, strict=True):
        torch.testing.assert_close(average, expected, rtol=1e-5, atol=1e-7)


def test_the_average_has_the_networks_own_batch_norm_statistics(model):
    """Averaged, they would stay near their first value, 1, for thousands of steps, and every picture would be grey."""
    fabric = set_up(model)
    for step, real in enumerate(batches(3)):
        loop.train_step(fabric, model, real, torch.zeros(BATCH, 0), TrainingProgress(step, 3))
    own, averaged = (
        dict(n.named_buffers()) for n in (unwrapped(model.networks["generator"]), model.averages["generator"])
    )
    assert own.keys() == averaged.keys() and all(torch.equal(own[name], averaged[name]) for name in own)


def test_samples_are_drawn_from_the_average(model):
    z = torch.randn(4, Z, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for p in model.networks["generator"].parameters():
            p.zero_()
    assert model.sample(z, NO_LABELS[:1].expand(len(z), 0)).abs().sum() > 0  # the weights alone would give black images
    with torch.no_grad():
        for p in model.averages["generator"].parameters():
            p.zero_()
    assert model.sample(z, NO_LABELS[:1].expand(len(z), 0)).abs().sum() == 0


def test_a_sample_depends_on_its_own_latent_alone(model):
    loop.train_step(set_up(model), model, batches(1)[0], torch.zeros(BATCH, 0), PROGRESS)
    z = torch.randn(6, Z, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        model.sample(z, torch.zeros(6, 0))[2:3], model.sample(z[2:3], torch.zeros(1, 0)), rtol=0, atol=1e-6
    )
