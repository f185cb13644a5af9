"""System calls by name, and a session keyring with one key in it, as a login gives one to whoever starts the grader."""

import platform
import sys

from fercourse.grading.sandbox.seccomp import DENIED, MACHINES

COLUMN = MACHINES[platform.machine()][0] if platform.machine() in MACHINES else 0
NUMBER = {name: numbers[COLUMN] for name, numbers in DENIED.items()}

KEYS = f"""
import ctypes, os

def syscall(number, *arguments):
    "What a system call returned, or minus the number of its error."
    ctypes.set_errno(0)
    found = LIBRARY.syscall(number, *(ctypes.c_long(one) if isinstance(one, int) else one for one in arguments))
    return found if found != -1 else -ctypes.get_errno()

def add_key(name, text, keyring=-3):
    return syscall({NUMBER["add_key"]}, b"user", name.encode(), text.encode(), len(text), keyring)

def read_keys(keyring=-3):
    "The texts of all keys in a keyring, and its own number; minus the number of an error where it cannot be read."
    held, place = ctypes.create_string_buffer(4096), syscall({NUMBER["keyctl"]}, 0, keyring, 0)
    length = syscall({NUMBER["keyctl"]}, 11, keyring, held, len(held))
    texts = []
    for start in range(0, max(length, 0), 4):
        text = ctypes.create_string_buffer(4096)
        size = syscall({NUMBER["keyctl"]}, 11, int.from_bytes(held.raw[start : start + 4], "little"), text, len(text))
        texts.append(text.raw[: max(size, 0)].decode(errors="replace"))
    return place, texts

LIBRARY = ctypes.CDLL(None, use_errno=True)
LIBRARY.syscall.restype = ctypes.c_long
"""


def with_key(text):
    """The words in front of a program that give it a session keyring with a key of this text, and its children."""
    program = f"""{KEYS}
import sys
syscall({NUMBER["keyctl"]}, 1, b"of a login")
add_key("of the instructor", {text!r})
os.execvp(sys.argv[1], sys.argv[1:])
"""
    return [sys.executable, "-c", program]
