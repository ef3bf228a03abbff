"""`python -m llu_core`: the command line."""

import sys

from llu_core.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
