"""A document: what is sent."""
