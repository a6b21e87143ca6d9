"""`python -m reconcile`, and where the command `reconcile` begins."""

import os
import sys


def start() -> None:
    """Load the command line and run it. Loading takes a moment in which somebody may press Ctrl-C already."""
    try:
        from reconcile.cli import main
    except KeyboardInterrupt:
        os.write(2, "已中断，没有写出新的结果。\n".encode())
        sys.exit(130)  # cli.INTERRUPTED, which is not loaded
    main()


if __name__ == "__main__":
    start()
