"""Tests of the tests: each way to break the protocol must be caught by the judges of the suite."""
