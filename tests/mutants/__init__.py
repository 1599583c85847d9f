"""How much of the submit path may be broken before a test notices it."""
