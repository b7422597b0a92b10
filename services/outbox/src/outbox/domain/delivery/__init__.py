"""A delivery: one document to one recipient by one channel."""
