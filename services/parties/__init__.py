"""Chapter 1: who may appear before the register, and who may act for them."""
