"""A person moves to the next provider of the split if the first provably did not dial, never else.

Proof is a refusal by which the provider says that it did nothing, or a request of which not one
byte left. Whatever is or was in doubt, or was dialled, stays where it is.
"""
