"""What a run's record says: the doctor, comparisons, curves, recordings and films."""
