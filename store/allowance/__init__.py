"""What a campaign may still spend, try and bear, told from the ledger.

Asked in the transaction that plans attempts, and once more in the one that marks the wire: nothing
is counted anywhere but in the rows.
"""
