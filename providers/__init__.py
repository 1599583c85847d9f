"""One adapter per provider. A module here that offers `PROVIDER` is one; nothing else needs to know of it."""
