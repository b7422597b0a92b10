"""Read models -> answers, and what the use cases have to look up first."""
