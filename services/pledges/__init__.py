"""Chapter 8: certificates as collateral for a debt."""
