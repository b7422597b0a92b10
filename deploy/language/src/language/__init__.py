"""The published language as documents that others can read, and the rule by which it changes."""
