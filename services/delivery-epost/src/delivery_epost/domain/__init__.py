"""The rules of a letter: what may be done with it, and what is certain."""
