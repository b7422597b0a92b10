"""What is done for letters: made, handed over once, followed to their end."""
