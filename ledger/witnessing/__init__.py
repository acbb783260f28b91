"""A witness of other people's logs: it cosigns what continues what it cosigned before."""
