"""What the services say to one another, and the machinery that makes it reliable."""
