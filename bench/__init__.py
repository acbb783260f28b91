"""Figures: how fast the register is, measured and never estimated."""
