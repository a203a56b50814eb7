"""How far a VAE's clouds of latents are from the prior, and how many dimensions it uses. Pure functions of arrays; no torch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.half_samples import half_sample_estimate, half_samples

ACTIVE = 0.01  # variance of the posterior means above which a dimension counts as used: Burda et al. 2016, section 5.2

FloatArray = npt.NDArray[np.floating]


def kl_per_dimension(means: FloatArray, log_variances: FloatArray) -> npt.NDArray[np.float64]:
    """The KL divergence of each dimension's posterior from N(0, 1), averaged over the images, in nats: (D,).

    Source: Kingma and Welling 2014, "Auto-Encoding Variational Bayes", appendix B, one dimension at a time.
    Means and log-variances are (N, D).
    """
    mean, log_variance = means.astype(np.float64), log_variances.astype(np.float64)
    each = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance)
    return np.asarray(each.mean(axis=0))


def active_units(means: FloatArray) -> int:
    """Dimensions in which the posterior means differ from image to image (variance above 0.01); the others carry nothing.

    Source: Burda et al. 2016, "Importance Weighted Autoencoders", section 5.2.
    """
    return int((means.astype(np.float64).var(axis=0) > ACTIVE).sum())


def prior_distance(means: FloatArray, log_variances: FloatArray) -> float:
    """How far the clouds of all images together are from the prior: 0 when they fill it as a whole.

    The squared 2-Wasserstein distance between N(0, I) and the Gaussian with the mean and covariance of the aggregate
    posterior, divided by the number of dimensions: (|m|^2 + sum_i (sqrt(l_i) - 1)^2) / D, with l the eigenvalues of the
    covariance. Source: Dowson and Landau 1982 for the distance; Hoffman and Johnson 2016, "ELBO surgery", for why the aggregate.
    Means and log-variances are (N, D), N at least 2.
    """
    mean, variance = means.astype(np.float64), np.exp(log_variances.astype(np.float64))
    covariance = np.cov(mean, rowvar=False, ddof=0).reshape(mean.shape[1], -1) + np.diag(variance.mean(axis=0))
    sizes = np.linalg.eigvalsh(covariance).clip(min=0)
    return float((np.square(mean.mean(axis=0)).sum() + np.square(np.sqrt(sizes) - 1).sum()) / mean.shape[1])


def prior_distance_interval(means: FloatArray, log_variances: FloatArray, repeats: int = 50, seed: int = 0) -> Estimate:
    """`prior_distance` with its interval over half-samples of the images."""
    count, value = len(means), prior_distance(means, log_variances)
    replicates = [
        prior_distance(means[drawn > 0], log_variances[drawn > 0]) for drawn in half_samples(count, repeats, seed)
    ]
    return half_sample_estimate(value, replicates, count, lowest=0.0)
