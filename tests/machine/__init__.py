"""The protocol as a state machine: whatever happens in whatever order, its promises hold."""
