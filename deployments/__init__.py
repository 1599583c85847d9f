"""How outdial is installed on servers."""
