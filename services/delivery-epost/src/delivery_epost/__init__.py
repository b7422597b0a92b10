"""Hybrid letters: deliveries become mail that Deutsche Post prints and delivers."""
