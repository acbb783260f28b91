"""Chapter 4: the public announcement of a product, and the objections raised in it."""
