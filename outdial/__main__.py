"""`python -m outdial`."""

from outdial.cli import main

if __name__ == "__main__":
    main()
