"""What people decide, and what is kept of it."""
