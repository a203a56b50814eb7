"""Child processes: how each is started, and one that talks over its pipes."""
