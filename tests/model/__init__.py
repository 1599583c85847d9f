"""The submit protocol as a model, every state of it."""
