"""What the HTTP APIs of the services share."""
