"""Licensing in the contract: offers, negotiations, licenses, and the acts on them."""

from schema.licensing.acts import LicensingMutations
from schema.licensing.queries import LicensingQueries
from schema.licensing.records import License, Negotiation, Offer

__all__ = ["License", "LicensingMutations", "LicensingQueries", "Negotiation", "Offer"]
