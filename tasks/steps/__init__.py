"""What is done for a batch, one step at a time, without Prefect.

A step reads the ledger, does the one thing that is due, and commits what it learnt. Any step may be
killed anywhere and done again, by anyone. Whoever waits (a terminal, a deployed flow, the sweeper)
runs these same functions.
"""
