"""The parts of a run's configuration: typed, bounded, each field with its meaning and unit.

`gan_core.config` puts them together. The docstring under a field is what the pages and the command line show for it.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

MIN_BATCH_SIZE = 2  # batch norm compares the images of a batch with each other
Precision = Literal["auto", "fp32", "bf16"]
Schedule = Literal["constant", "linear", "cosine", "warmup"]


def number(unit: str = "", **bounds: Any) -> Any:
    """A pydantic field with bounds and, for the pages, its unit."""
    return Field(json_schema_extra={"unit": unit}, **bounds)


class Section(BaseModel):
    """One part of a configuration: unknown keys are refused, values never change after it is built."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class DatasetConfig(Section):
    """Which images the model learns from, and how they are prepared."""

    name: str = "mnist5k"
    """Data set; `python -m gan_core datasets` describes each."""
    root: str = ""
    """Folder of images, for your own data. Leave empty for the embedded data sets."""
    split: Literal["train", "test"] = "train"
    """Split of the data set: models train on train; test is held out to measure them on unseen images."""
    image_size: Annotated[int, number("px", ge=4, le=1024)] = 32
    """Height and width after preprocessing. Larger images show more and train slower (twice the size, about four times the work)."""
    channels: Literal[1, 3] = 1
    """Colour channels: 1 is grey, 3 is red, green and blue."""
    num_images: Annotated[int, number("images", ge=0)] = 0
    """Limit to this many images, always the same sample of every class; 0 uses all. With few images a model repeats them."""
    flip: bool = False
    """Random horizontal flip, with probability 0.5 each time an image is used. Not for digits or letters."""
    rotation_degrees: Annotated[float, number("degrees", ge=0, le=45)] = 0.0
    """Random rotation by up to this angle, either way; edges are filled by reflection. 5 to 10 is plenty, 0 is off."""


class NetworkConfig(Section):
    """The networks: a generator that makes images and a discriminator that classifies them, a VAE's encoder and decoder, or a denoiser."""

    name: str = "dcgan4"
    """Architecture of both networks."""
    width: Annotated[int, number("channels", ge=1, le=1024)] = 64
    """Channels of the layer nearest the image; deeper layers have 2, 4, 8 times as many. Wider networks learn more and train slower."""
    latent_dim: Annotated[int, number("numbers", ge=1, le=4_000_000)] = 100
    """Size of the latent z, the list of random numbers from which the generator makes one image. Diffusion begins with a noisy image: z has its size."""
    generator_leak: Annotated[float, number("", ge=0, lt=1)] = 0.0
    """Slope of the generator's activations for negative values: 0 is ReLU, 0.2 the usual LeakyReLU."""
    discriminator_norm: Literal["batch", "none"] = "batch"
    """Normalisation inside the discriminator. Use none with gradient penalties: batch norm makes samples depend on each other."""
    spectral_norm: bool = False
    """Divide each of the discriminator's weights by its largest singular value, so that its slope stays bounded (SNGAN)."""
    spectral_scale: Annotated[float, number("", gt=0, le=100)] = 1.0
    """Norm that spectral norm gives each layer: the discriminator's slope stays below this number to the power of its layers. The paper uses 1; small networks often need 2 or 3."""
    leaky_output: bool = False
    """End the discriminator in a LeakyReLU(0.2), as report R3 did. A critic's output is normally linear: this shrinks negative scores."""


class ObjectiveConfig(Section):
    """The losses of the two networks."""

    name: str = "bce"
    """Loss function of both networks."""
    real_weight: Annotated[float, number("", ge=0, le=100)] = 1.0
    """Weight of the discriminator's loss on real images. With Adam and without a penalty only the ratio of the two weights counts."""
    fake_weight: Annotated[float, number("", ge=0, le=100)] = 1.0
    """Weight of the discriminator's loss on generated images."""
    n_critic: Annotated[int, number("steps", ge=1, le=100)] = 1
    """D updates per G update. WGAN uses 5, so that the critic stays nearly optimal."""
    weight_clip: Annotated[float, number("", ge=0, le=10)] = 0.0
    """After each step the discriminator's weights are clipped to plus or minus this value (WGAN: 0.01); 0 is off."""


class PenaltyConfig(Section):
    """A penalty on the discriminator's gradient."""

    name: str = "none"
    """Penalty on the discriminator's gradient with respect to the images."""
    weight: Annotated[float, number("", ge=0, le=1e6)] = 10.0
    """Weight of the penalty (lambda in WGAN-GP)."""


class ConditioningConfig(Section):
    """Whether, and how, labels enter the model."""

    name: str = "none"
    """How labels enter: none, concatenated to the inputs (concat), classified by a second head (acgan), or projected (projection)."""
    labels: tuple[str, ...] = ()
    """The labels to use; empty uses all of the data set."""
    exclusive: bool = False
    """Whether an image has exactly one of the labels (classes) or any number (attributes). Follows from the data set."""
    label_weight: Annotated[float, number("", ge=0, le=1000)] = 1.0
    """Weight of ACGAN's label loss relative to the adversarial loss."""


class RemedyConfig(Section):
    """Stabilisers against collapse and imbalance."""

    packing: Annotated[int, number("images", ge=1, le=16)] = 1
    """Images that the discriminator sees at once (PacGAN): identical images in a pack reveal a collapsed generator."""
    minibatch_std: bool = False
    """Show the discriminator how much the images of a batch vary (minibatch standard deviation), before its last layer."""
    label_smoothing: Annotated[float, number("", ge=0, lt=0.5)] = 0.0
    """Lower the target for real images from 1 by this value (one-sided label smoothing); 0.1 is usual."""
    instance_noise: Annotated[float, number("", ge=0, le=10)] = 0.0
    """Standard deviation of noise added to everything the discriminator sees; it falls to 0 by the end of the run."""


class AugmentationConfig(Section):
    """Augmentation of all images that the discriminator sees, real and generated, so that few images suffice."""

    kinds: tuple[str, ...] = ()
    """Random augmentations: color, translation, cutout (DiffAugment); none is off. Generated images stay unaugmented; helps with few images."""
    adaptive: bool = False
    """Augment as many images as keeps D from memorising the real ones (ADA); otherwise all are augmented."""
    target: Annotated[float, number("", gt=0, lt=1)] = 0.6
    """Target of the adaptive share: the mean sign of D's logits on real images, 0 if it cannot recognise them, 1 if it is sure of all."""
    ramp_images: Annotated[int, number("images", ge=1000)] = 500_000
    """Images seen while the adaptive share goes from 0 to 1. The paper's 500,000 suit long runs; short runs need fewer."""

    @field_validator("kinds", mode="before")
    @classmethod
    def _one_by_one(cls, value: Any) -> Any:
        """Also "color+cutout" and "none": a sweep names all kinds of a run in one word."""
        if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
            return tuple(kind for part in value for kind in part.split("+") if kind != "none")
        return value


class VAEConfig(Section):
    """The loss of a variational autoencoder."""

    kl_weight: Annotated[float, number("", ge=0, le=1e6)] = 5e-3
    """Weight of the KL term, which pulls the latents towards the prior (lambda in report R5)."""
    kl_reduction: Literal["mean", "sum"] = "mean"
    """Whether the KL term is averaged or summed over the latent dimensions. The report does not state it; the mean fits its figures."""
    reconstruction: Literal["mse", "bce"] = "mse"
    """Reconstruction loss, averaged over pixels in [0, 1]: squared error or cross-entropy."""


class DiffusionConfig(Section):
    """How a diffusion model adds noise, what it predicts, and how it samples."""

    objective: Literal["epsilon", "x0", "v"] = "v"
    """What the network predicts from a noisy image: its noise (epsilon), the clean image (x0), or v, a mix of both that is useful at every noise level."""
    schedule: Literal["linear", "cosine"] = "cosine"
    """How fast images turn into noise: linear (Ho et al. 2020) spends many steps on almost pure noise, cosine (Nichol and Dhariwal 2021) fewer: better for small images."""
    steps: Annotated[int, number("steps", ge=2, le=10_000)] = 1000
    """Steps from an image to pure noise (T)."""
    attention: bool = False
    """Self-attention at the network's lowest resolution."""
    condition_dropout: Annotated[float, number("", ge=0, lt=1)] = 0.1
    """Share of images whose labels are dropped in training, so that the model also learns without labels: guidance needs both."""
    sampling_steps: Annotated[int, number("steps", ge=1, le=10_000)] = 50
    """Steps to generate a sample, at most T. Fewer are faster and coarser."""
    eta: Annotated[float, number("", ge=0, le=1)] = 0.0
    """Fresh noise in each sampling step: 0 is DDIM, where equal noise gives equal samples; 1 is DDPM, which needs all T steps."""
    guidance: Annotated[float, number("", ge=0, le=50)] = 1.0
    """How strongly samples follow their labels (classifier-free guidance): 0 ignores them, 1 is the plain model, more is clearer and less varied."""
    preview_steps: Annotated[int, number("steps", ge=1, le=10_000)] = 10
    """DDIM steps for the sample grids and the evaluator's curve during training: few, so that training is not slowed down."""
    posthoc_ema: bool = False
    """Keep two more running averages, from whose snapshots one of any length is made after training (tab Explore). A checkpoint becomes half as large again."""


class OptimizerConfig(Section):
    """How one network's weights are changed."""

    name: Literal["adam", "adamax", "rmsprop", "sgd"] = "adam"
    """Optimiser: the rule that turns gradients into weight changes."""
    learning_rate: Annotated[float, number("", gt=0, le=1)] = 2e-4
    """Size of a weight update. Too large: training is unstable. Too small: no progress. Can be changed during training."""
    beta1: Annotated[float, number("", ge=0, lt=1)] = 0.5
    """Momentum (Adam, Adamax, SGD): how much of the last steps' direction is kept. For GANs 0.5 or 0 works better than the usual 0.9."""
    beta2: Annotated[float, number("", ge=0, lt=1)] = 0.999
    """Decay of the squared gradients' average (Adam, Adamax; alpha in RMSprop)."""
    schedule: Schedule = "constant"
    """Learning rate over the run: constant, linear (from half way down to 0), cosine (smooth decay to 0), warmup (up from 0 over the first 5 % of the steps, then constant)."""


class TrainingConfig(Section):
    """How long, how much at once, on what."""

    batch_size: Annotated[int, number("images", ge=MIN_BATCH_SIZE, le=65536)] = 64
    """Images per step. Larger batches give smoother, fewer steps per epoch."""
    epochs: Annotated[int, number("epochs", ge=1, le=1_000_000)] = 20
    """Passes over the whole data set."""
    max_steps: Annotated[int, number("steps", ge=0)] = 0
    """Stop after this many steps, whatever the epochs; 0 means no limit."""
    ema_decay: Annotated[float, number("", ge=0, lt=1)] = 0.0
    """Decay of a running average of the generator's weights, used for samples: 0.999 is usual, 0 is off."""
    seed: Annotated[int, number("", ge=0, lt=2**31)] = 0
    """Seed of all random numbers: the same seed gives the same run."""
    precision: Precision = "auto"
    """Number format of the heavy layers: bf16 is faster where supported, fp32 is exact; auto chooses."""
    device: str = "auto"
    """Device to train on: cpu, cuda:0, cuda:1, mps; auto uses a GPU if there is one."""
    threads: Annotated[int, number("threads", ge=0, le=1024)] = 0
    """Processor threads; 0 uses all cores but one, which is left to the pages. Results are repeatable for the same number of threads."""
    deterministic: bool = False
    """Use deterministic operations only, so that a run on a GPU can be repeated exactly; slower there. On a CPU runs are repeatable anyway."""

    @field_validator("device")
    @classmethod
    def _known_device(cls, value: str) -> str:
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", value):
            raise ValueError("must be auto, cpu, mps, cuda or cuda:N")
        return value


class RecordingConfig(Section):
    """What is kept of a run, and how often."""

    num_samples: Annotated[int, number("images", ge=1, le=256)] = 64
    """Images in the sample grid, always from the same latents, so that you see them change."""
    sample_every_steps: Annotated[int, number("steps", ge=0)] = 0
    """Steps between two sample grids; 0 chooses about 60 grids per run."""
    checkpoint_every_steps: Annotated[int, number("steps", ge=0)] = 0
    """Steps between two checkpoints (all weights, written to disk); 0 chooses about 10 per run."""
    checkpoint_every_s: Annotated[float, number("s", gt=0)] = 60.0
    """Seconds after which a checkpoint is written in any case: the most that a power cut can lose."""
    keep_checkpoints: Annotated[int, number("checkpoints", ge=2)] = 20
    """Checkpoints kept on disk; the first and the newest always stay, the rest are thinned evenly."""
    probe_every_steps: Annotated[int, number("steps", ge=0)] = 20
    """Steps between two slower measurements: D's output after G's update and the gradients by layer, or a diffusion model's loss in each quarter of its process; 0 is off."""
    evaluate_every_epochs: Annotated[int, number("epochs", ge=0)] = 1
    """Epochs between two measurements of a conditional model by an evaluator, if its data set has one; 0 is off."""
