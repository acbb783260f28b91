"""Reading through views: records one by one for the reference reader, statements for the other."""
