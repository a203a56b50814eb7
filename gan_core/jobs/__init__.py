"""Work in child processes: one task in a folder of its own."""
