"""The command line: the same code and the same run directories as the pages."""
