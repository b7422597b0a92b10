"""The address book: who is who, where they live and how they want to be written to."""
