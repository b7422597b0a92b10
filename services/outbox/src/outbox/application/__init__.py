"""What one can do with the outbox. Each use case names the mandant it works for."""
