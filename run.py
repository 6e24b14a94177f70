#!/usr/bin/env python3
"""The project's two commands: `python3 run.py` sets everything up and runs it, `python3 run.py test` tests it.

Needs nothing but Python 3.11: this file also has to parse on older versions, to say so.
"""

import os
import sys

OLDEST = (3, 11)


def main() -> int:
    """Refuse an old Python in one sentence, then hand over to the runner; the exit code is its own."""
    if sys.version_info[:2] < OLDEST:
        found = ".".join(str(part) for part in sys.version_info[:3])
        sys.stderr.write(f"错误：需要 Python 3.11 或更高版本，当前是 {found}。\n")
        sys.stderr.write(f"Error: Python 3.11 or newer is needed, this is {found}.\n")
        return 1
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from tools.runner.commands import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
