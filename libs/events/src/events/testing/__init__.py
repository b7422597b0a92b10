"""What tests of services and of the machinery share."""
