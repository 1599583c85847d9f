"""Bland: batches that dial at once or at a start time, in two generations (v1 and v2), and calls.

After https://docs.bland.ai (api-v1 and api-v2 pages).
"""
