"""Who is called next, and in which batch."""
