"""The rules of the address book, free of input and output."""
