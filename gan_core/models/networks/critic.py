"""The discriminator, put together: its input, a backbone (images -> features) and heads (features -> logits)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import register_parametrization

from gan_core.models.conditioning import Conditioning
from gan_core.processes import shards

OUTPUT_LEAK = 0.2


class FeatureNetwork(Protocol):
    """The interface of an architecture's backbone.

    Attributes:
        num_features: channels of its features.
        feature_size: their height and width; 0 where they are vectors.
        head_bias: whether the architecture's last layer has a bias.
    """

    num_features: int
    feature_size: int
    head_bias: bool

    def __call__(self, images: Tensor) -> Tensor:
        """Images (N, ...) -> features (N, C, H, W) or (N, C)."""


class Critic(nn.Module):
    """Maps images and their labels to logits (N / packing,), and to label logits (N, L) where it has a label head.

    Args:
        make_backbone: input shape, with labels and packing -> backbone.
        image_shape: of one image.
        num_labels: L.
        conditioning: how labels enter.
        packing: images in one input, joined along channels. Source: Lin et al. 2018, "PacGAN", section 3.
        minibatch_std: append one feature plane with the batch's mean standard deviation. Source: Karras et al. 2018,
            "Progressive Growing of GANs", section 3; there before the last 3x3 convolution, here before the head, which is
            linear: so it raises or lowers all logits of a batch by one amount.
        leaky_output: end in a LeakyReLU, as report R3 did.
    """

    def __init__(
        self,
        make_backbone: Callable[[tuple[int, ...]], FeatureNetwork],
        image_shape: tuple[int, ...],
        num_labels: int,
        conditioning: Conditioning,
        *,
        packing: int = 1,
        minibatch_std: bool = False,
        leaky_output: bool = False,
    ) -> None:
        super().__init__()
        self.packing = packing
        self.minibatch_std = minibatch_std
        self.leaky_output = leaky_output
        self.label_plane = self.label_head = self.projection = None
        channels, *rest = image_shape
        if conditioning.at_input:  # a plane of its own beside the image; for points, the labels themselves
            self.label_plane = nn.Linear(num_labels, rest[0] * rest[1]) if rest else nn.Identity()
            channels += 1 if rest else num_labels
        backbone = make_backbone((channels * packing, *rest))
        self.backbone = backbone
        features = backbone.num_features + int(minibatch_std)
        self.head = _head(features, backbone.feature_size, 1, bias=backbone.head_bias)
        if conditioning.label_head:
            self.label_head = _head(features, backbone.feature_size, num_labels, bias=True)
        if conditioning.projection:
            self.projection = nn.Linear(num_labels, features, bias=False)

    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor | None]:
        """Logits (N / packing,) and, with a label head, label logits (N, L)."""
        features = self.backbone(self._input(images, labels))
        if self.minibatch_std:
            features = _with_std(features)
        logits = self.head(features).flatten()
        if self.projection is not None:
            summed = features.flatten(2).sum(2) if features.dim() == 4 else features
            logits = logits + (summed * self.projection(labels)).sum(1)
        if self.leaky_output:
            logits = F.leaky_relu(logits, OUTPUT_LEAK)
        return logits, None if self.label_head is None else self.label_head(features).flatten(1)

    def _input(self, images: Tensor, labels: Tensor) -> Tensor:
        if self.label_plane is not None:
            plane = self.label_plane(labels)
            if images.dim() == 4:
                plane = plane.view(-1, 1, *images.shape[2:])
            images = torch.cat([images, plane.to(images.dtype)], dim=1)
        if self.packing > 1:
            images = images.reshape(len(images) // self.packing, -1, *images.shape[2:])
        return images


def _head(features: int, size: int, outputs: int, *, bias: bool) -> nn.Module:
    return nn.Conv2d(features, outputs, size, bias=bias) if size else nn.Linear(features, outputs, bias=bias)


def _with_std(features: Tensor) -> Tensor:
    """Features with one more channel: the mean over features and positions of the standard deviation over the batch."""
    variance = shards.moments(features, (0,))[1] if shards.is_shared() else features.var(0, unbiased=False)
    std = (variance + 1e-8).sqrt().mean()
    plane = std.expand(len(features), 1, *features.shape[2:])
    return torch.cat([features, plane.to(features.dtype)], dim=1)


class _Scaled(nn.Module):
    """A weight times a constant; no checkpoint holds it."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, weight: Tensor) -> Tensor:
        return self.scale * weight


def normalise_spectrum(network: nn.Module, rng: torch.Generator | None, scale: float = 1.0) -> None:
    """Divides every weight by its largest singular value, estimated by power iteration, and multiplies it by `scale`.

    Source: Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", algorithm 1, as torch
    implements it; section 2 fixes the scale to 1. The first singular vectors come from `rng`, not from torch's global
    generator. Of a convolution it is the norm of its kernel as a matrix, as in the paper.

    Args:
        network: finished, with its first weights; changed in place.
        rng: a CPU generator; None on the `meta` device.
        scale: the norm of each layer. With activations of slope at most 1, that of the network is at most scale**layers.
    """
    for module in list(network.modules()):
        if not isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            continue
        with torch.random.fork_rng(devices=[]):  # torch draws vectors of its own first; ours replace them
            spectral_norm(module)
            if scale != 1:
                register_parametrization(module, "weight", _Scaled(scale))
        if rng is None:
            continue
        normaliser: Any = module.parametrizations.weight[0]  # type: ignore[union-attr, index]
        with torch.no_grad():
            for name in ("_u", "_v"):
                vector = getattr(normaliser, name, None)
                if vector is not None:
                    vector.copy_(F.normalize(torch.randn(vector.shape, generator=rng), dim=0))
            matrix = normaliser._reshape_weight_to_matrix(module.parametrizations.weight.original)  # type: ignore[union-attr]
            if matrix.dim() > 1:
                normaliser._power_method(matrix, 15)


def clip_weights(network: nn.Module, limit: float) -> None:
    """Cuts every weight to [-limit, limit]. Source: Arjovsky et al. 2017, "Wasserstein GAN", algorithm 1, line 7."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.clamp_(-limit, limit)


def clip_saturation(network: nn.Module, limit: float) -> Tensor:
    """Share of weights that lie at the bound: near 1, the critic has become a simple function of its inputs."""
    weights = torch.cat([parameter.detach().flatten() for parameter in network.parameters()])
    return (weights.abs() >= limit * (1 - 1e-6)).float().mean()
