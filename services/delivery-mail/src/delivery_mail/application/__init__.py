"""What is done for mails: written, handed over once, and never again when in doubt."""
