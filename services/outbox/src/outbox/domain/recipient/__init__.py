"""A recipient: a contact as the outbox knows it from the address book."""
