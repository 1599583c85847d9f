"""A receiver of the providers' messages, each of which is no more than a hint."""
