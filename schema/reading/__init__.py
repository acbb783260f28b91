"""Reading: how the fields of the contract are answered, said once for both readers."""
