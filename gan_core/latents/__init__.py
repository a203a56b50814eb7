"""Walking the latent space: pure functions of tensors and of a generator."""
