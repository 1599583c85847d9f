"""What a campaign will do, worked out beforehand without doing it, and held to once approved."""
