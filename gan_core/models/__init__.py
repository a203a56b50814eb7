"""What can be trained and sampled. `build` (in `gan_core.models.building`) makes one from a configuration."""
