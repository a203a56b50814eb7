"""The evaluators' network: ResNet-18 with a width of one's choice, for small pictures."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, ResNet

from gan_core.models.networks.initialisation import default_init, materialise

BLOCKS_A_STAGE = 2  # of ResNet-18
LARGE_PX = 64


class ResNet18(nn.Module):
    """Images (N, C, H, W) in [-1, 1] -> logits (N, num_labels).

    Source: He et al. 2016, "Deep Residual Learning for Image Recognition", table 1, 18 layers: four stages of two basic
    blocks, each stage with half the size and twice the channels. Departures: the first stage has `width` channels instead of
    64, and the stem (7x7 with stride 2, then max-pooling) is one 3x3 convolution, as in the paper's section 4.2 for small
    pictures; with stride 2 from 64 px on.
    """

    def __init__(self, channels: int, image_size: int, num_labels: int, width: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(channels, width, 3, stride=2 if image_size >= LARGE_PX else 1, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        )
        widths = [width, width, 2 * width, 4 * width, 8 * width]
        self.widths = tuple(widths[1:])  # channels of each stage
        stages = [_stage(widths[i], widths[i + 1], stride=1 if i == 0 else 2) for i in range(4)]
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(widths[-1], num_labels)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(images))
        return logits

    def features(self, images: Tensor) -> Tensor:
        """What the head sees: (N, 8 * width)."""
        return self.pooled(images)[-1]

    def pooled(self, images: Tensor) -> list[Tensor]:
        """Each stage's output after global average pooling: (N, width), (N, 2 * width), (N, 4 * width), (N, 8 * width)."""
        found, x = [], self.stem(images)
        for stage in self.stages:
            x = stage(x)
            found.append(x.mean(dim=(2, 3)))
        return found


class TorchvisionResNet18(ResNet):  # type: ignore[misc]
    """torchvision's ResNet-18 with a last layer for `num_labels`: images (N, 3, H, W) in [-1, 1] -> logits (N, num_labels).

    The i-CLEVR assignment's evaluator is one with a sigmoid behind it, which changes no order of its outputs.
    """

    widths = (64, 128, 256, 512)

    def __init__(self, num_labels: int) -> None:
        super().__init__(BasicBlock, [BLOCKS_A_STAGE] * 4, num_labels)

    @property
    def head(self) -> nn.Linear:
        """Its last layer."""
        last: nn.Linear = self.fc
        return last

    def features(self, images: Tensor) -> Tensor:
        """As `ResNet18.features`: (N, 512)."""
        return self.pooled(images)[-1]

    def pooled(self, images: Tensor) -> list[Tensor]:
        """As `ResNet18.pooled`."""
        found, x = [], self.maxpool(self.relu(self.bn1(self.conv1(images))))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
            found.append(x.mean(dim=(2, 3)))
        return found


class _Projection(nn.Conv2d):
    """The shortcut's 1x1 convolution (He et al. 2016, section 3.3, option B): every `step`-th pixel, then stride 1.

    Equal to a convolution with that stride. oneDNN's strided 1x1 kernel for channels-last corrupts the heap on processors
    without AVX-512 when the channels do not fill a vector (torch 2.14.1).
    """

    def __init__(self, channels_in: int, channels: int, step: int) -> None:
        super().__init__(channels_in, channels, 1, bias=False)
        self.step = step

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images[..., :: self.step, :: self.step])


def _stage(channels_in: int, channels: int, stride: int) -> nn.Sequential:
    shortcut = None
    if stride != 1 or channels_in != channels:
        shortcut = nn.Sequential(_Projection(channels_in, channels, stride), nn.BatchNorm2d(channels))
    first = BasicBlock(channels_in, channels, stride, shortcut)
    return nn.Sequential(first, *(BasicBlock(channels, channels) for _ in range(BLOCKS_A_STAGE - 1)))


def build_network(channels: int, image_size: int, num_labels: int, width: int, rng: torch.Generator | None) -> ResNet18:
    """The network with first weights from `rng`, on the CPU; without memory (on `meta`) when `rng` is None."""
    with torch.device("meta"):
        network = ResNet18(channels, image_size, num_labels, width)
    return materialise(network, default_init, rng)
