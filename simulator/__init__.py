"""A telephone network that does not exist, and the APIs of five voice providers in front of it."""
