"""`python -m cass`."""

from cass import main

if __name__ == "__main__":
    main()
