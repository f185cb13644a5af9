"""Test ids that are the same in every process: workers side by side compare what they collected."""

import re


def stable(value):
    """The text of a parameter, without the addresses of functions and generators."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", str(value))
