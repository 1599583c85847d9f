"""Whole campaigns: flows against the simulator."""
