"""What a stranger runs: a proof file and a policy go in, what is proven comes out."""
