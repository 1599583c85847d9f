"""The protocol's transactions: a submission is claimed, marked before its first byte, and decided.

Every function is one transaction's work and takes the connection of that transaction. Guards are in
the UPDATE itself (compare and swap on state and epoch), so that two runners can never both succeed.
"""
