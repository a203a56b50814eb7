"""Pictures and charts: pixels, sheets of pictures, curves. Pure functions of arrays; knows nothing of runs."""
