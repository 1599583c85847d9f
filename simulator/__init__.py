"""A real HTTP server that speaks all five providers' APIs over a simulated telephone network."""
