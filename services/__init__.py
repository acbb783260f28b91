"""The registry: what may happen to a data product's title, and making it happen."""
