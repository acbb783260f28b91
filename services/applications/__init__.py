"""Chapter 3: an application to register a data product, from draft to decision."""
