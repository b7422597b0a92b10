"""The rules of a mail: what may be done with it, and what is certain."""
