"""Ganvas' engine: everything that computes. It never imports streamlit, and imports torch only where tensors are."""

__version__ = "0.1.0"
