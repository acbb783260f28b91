"""Chapter 5: certificates, what burdens them, and who consents to what."""
