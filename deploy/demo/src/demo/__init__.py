"""The whole product on one machine, sending real post to simulators that keep it."""
