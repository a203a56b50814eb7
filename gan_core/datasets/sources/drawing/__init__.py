"""Drawing: pictures computed with numpy from nothing but numbers, batch by batch. Knows nothing of data sets."""
