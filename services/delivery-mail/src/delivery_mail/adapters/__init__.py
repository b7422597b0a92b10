"""One file per outside thing that this service talks to."""
