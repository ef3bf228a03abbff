"""`python -m llu_core`: the command line."""

import os
import sys

from llu_core.cli.main import main

if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.exit(main())
