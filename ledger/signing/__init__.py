"""How a checkpoint comes to be signed, witnessed and never contradicted."""
