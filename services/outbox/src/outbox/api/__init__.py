"""HTTP -> use case."""
