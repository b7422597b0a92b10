"""A mandant: what all of its deliveries have in common."""
