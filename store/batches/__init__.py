"""What a flow looks after: batches, what is due for them, and when they are over."""
