"""Vogent: batch dial jobs that are created without dialling and started by a call of their own.

After https://docs.vogent.ai/api-reference and the OpenAPI document 1.0.11 there.
"""
