"""Sends documents as e-mail attachments and tells what became of each mail."""
