"""The small programs behind make's targets, which look at the repository itself."""
