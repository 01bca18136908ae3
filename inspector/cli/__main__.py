"""`python -m inspector.cli`: the command line, as the window starts it."""

import sys

from inspector.cli import main

if __name__ == "__main__":
    sys.exit(main())
