"""Erasing: what was recorded of somebody is taken back, and the proof stays whole."""
