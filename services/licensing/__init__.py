"""Chapter 7: offers to license, requests made on them, and the licenses granted."""
