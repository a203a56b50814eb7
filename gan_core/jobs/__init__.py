"""Work in child processes: one that talks over its pipes, or one task in a folder of its own."""
