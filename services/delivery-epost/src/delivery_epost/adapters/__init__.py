"""One file per thing of the outside world."""
