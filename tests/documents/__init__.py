"""The parts of the documentation that are made from the code, and how a page is read.

`python -m tests.documents` writes those parts anew; a test fails when one is stale.
"""
