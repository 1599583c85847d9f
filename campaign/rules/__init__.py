"""Who may be called when: numbers, zones, law, windows and caps, judged in `verdict`."""
