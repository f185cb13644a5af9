"""The course as a whole: its lessons built, its notebooks run, its results collected; the command line."""

import sys

# nbformat loads jsonschema, and that this package, which compiles a grammar of addresses for a second at each start: no
# notebook has such an address. Jupyter installs it, and jsonschema does without where it cannot be imported.
sys.modules.setdefault("rfc3987_syntax", None)
