"""Tests of outdial; each name is a sentence about behaviour."""
