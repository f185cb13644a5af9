"""`python -m fercourse`: see `fercourse.course.cli`."""

import sys

from fercourse.course.cli import main

if __name__ == "__main__":
    sys.exit(main())
