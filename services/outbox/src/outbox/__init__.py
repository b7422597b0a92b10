"""The Postausgang: documents, recipients, channels, deliveries, and what became of them."""
