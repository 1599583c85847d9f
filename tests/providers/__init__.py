"""Tests of the provider adapters: the JSON they exchange, and the connections they do it over."""
