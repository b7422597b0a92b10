"""The message itself: words, attachments, signature."""
