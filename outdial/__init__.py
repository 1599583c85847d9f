"""The face: command line, report and export."""
