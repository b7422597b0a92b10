"""PDF files made to order, for tests and the demo."""
