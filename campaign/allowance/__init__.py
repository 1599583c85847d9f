"""What a campaign may still spend, try and bear.

Pure: facts of the ledger go in, numbers and words come out.
"""
