"""Work in child processes: one that talks over its pipes, and one task in a folder of its own."""
