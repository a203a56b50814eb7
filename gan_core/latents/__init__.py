"""The latent space: directions, interpolation, inversion, neighbours, maps and probes."""
