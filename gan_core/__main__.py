"""`python -m gan_core`: the lab without a browser."""

from gan_core.cli.main import main

if __name__ == "__main__":
    main()
