"""Plain training loops of each family, as the papers' algorithms and the PyTorch examples are usually written.

fp32, contiguous, `.item()` at every step, D's weights take gradients in G's step too: what the lab's speed is measured against.
They take the lab's networks, and know nothing of its losses, optimisers and loop.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_core.config import RunConfig
from gan_core.datasets.batches import Batches
from gan_core.models.building import build_networks

Step = Callable[[], object]
BETAS = (0.5, 0.999)


def _adam(network: nn.Module, rate: float = 2e-4, betas: tuple[float, float] = BETAS) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), lr=rate, betas=betas)


def _feed(batches: Batches) -> Callable[[], tuple[Tensor, Tensor]]:
    numbers = count()

    def batch() -> tuple[Tensor, Tensor]:
        images, labels = batches.batch(next(numbers))
        return images.contiguous(), labels

    return batch


def dcgan(config: RunConfig, batches: Batches) -> Step:
    """The loop of the PyTorch DCGAN example: BCE on probabilities."""
    networks, batch = build_networks(config), _feed(batches)
    g, d = networks["generator"], networks["discriminator"]
    opt_g, opt_d, bce = _adam(g), _adam(d), nn.BCELoss()

    def step() -> object:
        real, y = batch()
        ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
        d.zero_grad()
        output = torch.sigmoid(d(real, y)[0])
        loss_real = bce(output, ones)
        loss_real.backward()
        d_x = output.mean().item()
        fake = g(torch.randn(len(real), config.network.latent_dim))
        output = torch.sigmoid(d(fake.detach(), y)[0])
        loss_fake = bce(output, zeros)
        loss_fake.backward()
        d_g_z1 = output.mean().item()
        opt_d.step()
        g.zero_grad()
        output = torch.sigmoid(d(fake, y)[0])
        loss_g = bce(output, ones)
        loss_g.backward()
        d_g_z2 = output.mean().item()
        opt_g.step()
        return (loss_real + loss_fake).item(), loss_g.item(), d_x, d_g_z1, d_g_z2

    return step


def acgan(config: RunConfig, batches: Batches) -> Step:
    """Odena et al. 2017, equations 2 and 3: the source's loss and the class's, one class an image."""
    networks, batch = build_networks(config), _feed(batches)
    g, d = networks["generator"], networks["discriminator"]
    opt_g, opt_d, bce = _adam(g), _adam(d), nn.BCEWithLogitsLoss()

    def step() -> object:
        real, y = batch()
        classes = y.argmax(1)
        fake = g(torch.cat([torch.randn(len(real), config.network.latent_dim), y], 1))
        d.zero_grad()
        (source, label), (source_fake, label_fake) = d(real, y), d(fake.detach(), y)
        loss_d = bce(source, torch.ones_like(source)) + bce(source_fake, torch.zeros_like(source))
        label_loss = F.cross_entropy(label, classes) + F.cross_entropy(label_fake, classes)
        (loss_d + label_loss).backward()
        opt_d.step()
        g.zero_grad()
        source_fake, label_fake = d(fake, y)
        loss_g = bce(source_fake, torch.ones_like(source)) + F.cross_entropy(label_fake, classes)
        loss_g.backward()
        opt_g.step()
        return loss_d.item(), label_loss.item(), loss_g.item()

    return step


def wgan_gp(config: RunConfig, batches: Batches) -> Step:
    """Gulrajani et al. 2017, algorithm 1, with one step of the critic for each of G's."""
    networks, batch = build_networks(config), _feed(batches)
    g, d = networks["generator"], networks["discriminator"]
    opt_g, opt_d = _adam(g, 1e-4, (0.0, 0.9)), _adam(d, 1e-4, (0.0, 0.9))

    def step() -> object:
        real, y = batch()
        fake = g(torch.randn(len(real), config.network.latent_dim))
        d.zero_grad()
        epsilon = torch.rand(len(real), 1, 1, 1)
        between = (epsilon * real + (1 - epsilon) * fake.detach()).requires_grad_(True)
        slope = torch.autograd.grad(d(between, y)[0].sum(), between, create_graph=True)[0]
        penalty = ((slope.flatten(1).norm(2, dim=1) - 1) ** 2).mean()
        distance = d(fake.detach(), y)[0].mean() - d(real, y)[0].mean()
        (distance + 10 * penalty).backward()
        opt_d.step()
        g.zero_grad()
        loss_g = -d(fake, y)[0].mean()
        loss_g.backward()
        opt_g.step()
        return distance.item(), penalty.item(), loss_g.item()

    return step


def vae(config: RunConfig, batches: Batches) -> Step:
    """Kingma and Welling 2014: mean squared error and the KL of a Gaussian encoder in closed form."""
    networks, batch = build_networks(config), _feed(batches)
    encoder, decoder = networks["encoder"], networks["decoder"]
    optimizer = _adam(nn.ModuleList([encoder, decoder]), 5e-4, (0.9, 0.999))

    def step() -> object:
        images, _ = batch()
        mean, log_variance = encoder(images)
        z = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        mse = F.mse_loss(torch.sigmoid(decoder(z)), (images + 1) / 2)
        kl = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(1).mean()
        optimizer.zero_grad()
        (mse + 5e-3 * kl).backward()
        optimizer.step()
        return mse.item(), kl.item()

    return step


def ddpm(config: RunConfig, batches: Batches) -> Step:
    """Ho et al. 2020, algorithm 1, with the linear schedule."""
    network, batch, times = build_networks(config)["denoiser"], _feed(batches), config.diffusion.steps
    bars = torch.cumprod(1 - torch.linspace(1e-4, 0.02, times) * 1000 / times, 0)
    optimizer = _adam(network, betas=(0.9, 0.999))

    def step() -> object:
        images, y = batch()
        t = torch.randint(1, times + 1, (len(images),))
        noise, bar = torch.randn_like(images), bars[t - 1, None, None, None]
        predicted = network(bar.sqrt() * images + (1 - bar).sqrt() * noise, t / times, y)
        loss = F.mse_loss(predicted, noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
