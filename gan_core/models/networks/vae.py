"""`VAE-enc` and `VAE-dec` of report R5.

Source: Kingma and Welling 2014, "Auto-Encoding Variational Bayes", with the report's layers. Inferred where the report
cannot be read: the decoder's linear layer, its second transposed convolution, the encoder's last widths.
Parametrised by width (the report's is 128), latent size, channels and image size.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from gan_core.models.networks.shapes import LatentNetwork, activation


class Encoder(nn.Module):
    """Maps images (N, C, H, W) in [-1, 1] to the mean and the log variance of their latents, each (N, latent_dim)."""

    def __init__(self, latent_dim: int, image_shape: tuple[int, ...], width: int) -> None:
        super().__init__()
        channels, size, _ = image_shape
        layers: list[nn.Module] = []
        before = channels
        for after, kernel in ((width, 3), (2 * width, 5), (4 * width, 5)):
            for inputs in (before, after):
                layers += [nn.Conv2d(inputs, after, kernel, padding=kernel // 2), nn.ReLU(inplace=True)]
            layers.append(nn.MaxPool2d(2))
            before = after
        self.layers = nn.Sequential(*layers, nn.Flatten())
        flat = 4 * width * (size // 8) ** 2  # 32,768 at 64 px and width 128
        self.mean = nn.Linear(flat, latent_dim)
        self.log_variance = nn.Linear(flat, latent_dim)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.layers(images)
        return self.mean(features), self.log_variance(features)


class Decoder(LatentNetwork):
    """Maps latents (N, latent_dim) to the logits of pixels in [0, 1], (N, C, H, W); their Sigmoid is the picture."""

    def __init__(self, latent_dim: int, image_shape: tuple[int, ...], width: int, leak: float) -> None:
        super().__init__()
        channels, size, _ = image_shape
        self.shape = (4 * width, size // 8, size // 8)
        self.stem = nn.Linear(latent_dim, 4 * width * (size // 8) ** 2)
        layers: list[nn.Module] = []
        for _ in range(2):
            layers += [nn.ConvTranspose2d(4 * width, 4 * width, 4, stride=2, padding=1), activation(leak)]
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(4 * width, channels, 4, stride=2, padding=1))

    def forward(self, z: Tensor) -> Tensor:
        logits: Tensor = self.layers(self.stem(z).unflatten(1, self.shape))
        return logits

    def first_layers(self) -> Sequence[nn.Module]:
        """See `LatentNetwork`."""
        return (self.stem,)
