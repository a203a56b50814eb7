"""Estimates with their uncertainty, and tests of differences: pure functions of numbers."""
