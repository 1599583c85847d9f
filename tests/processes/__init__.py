"""Whole programs on one ledger: started twice, stopped, killed, with the database taken away.

What happened is judged by the simulator's own ledger of requests and rings.
"""
