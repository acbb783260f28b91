"""Chapter 6: certificates on the lists of exchanges."""
