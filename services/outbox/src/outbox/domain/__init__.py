"""The rules of the outbox: pure, without clock, database or network."""
