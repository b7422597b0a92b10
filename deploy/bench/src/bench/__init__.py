"""Measures what the machinery does, each figure beside that of a peer in the same run."""
