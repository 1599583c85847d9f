"""What goes wrong on a bad day, as data: rules that say where, how often and which fault.

To add a kind: write a `Fault` with the hooks it needs and list it in `faults.rules`.
"""
