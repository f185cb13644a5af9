"""Messages over a socket: a head, which is JSON, and a body of buffers. Both sides use it; neither trusts the other."""

import json
import struct

LARGEST_HEAD = 8_000_000
LARGEST_BODY = 50_000_000
_SIZES = struct.Struct("!II")


class BrokenWire(Exception):
    """Bytes that are no message, or one that is larger than a message may be. Its text holds nothing that was sent."""


def packed(head, buffers=()):
    """A message as bytes. head: a dict for JSON; buffers: a list of bytes. Raises BrokenWire where it is too large."""
    text = json.dumps(head | {"sizes": [len(buffer) for buffer in buffers]}).encode()
    body = b"".join(buffers)
    if len(text) > LARGEST_HEAD or len(body) > LARGEST_BODY:
        raise BrokenWire("a message that is too large")
    return _SIZES.pack(len(text), len(body)) + text + body


class Unpacker:
    """Bytes in, messages out; it never holds more than one message and what was fed last."""

    def __init__(self):
        self._held = bytearray()

    def feed(self, data):
        """Yield the messages that `data` completes, as (head, buffers). Raises BrokenWire."""
        self._held += data
        while len(self._held) >= _SIZES.size:
            sizes = _SIZES.unpack_from(self._held)
            if sizes[0] > LARGEST_HEAD or sizes[1] > LARGEST_BODY:
                raise BrokenWire("a message that is too large")
            middle, end = _SIZES.size + sizes[0], _SIZES.size + sum(sizes)
            if len(self._held) < end:
                return
            head, body = bytes(self._held[_SIZES.size : middle]), bytes(self._held[middle:end])
            del self._held[:end]
            yield _unpacked(head, body)


def _unpacked(text, body):
    try:
        head = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenWire("a head that is no JSON") from error
    sizes = head.pop("sizes", None) if type(head) is dict else None
    if type(sizes) is not list or not all(type(size) is int and size >= 0 for size in sizes) or sum(sizes) != len(body):
        raise BrokenWire("a head that does not describe its body")
    buffers, start = [], 0
    for size in sizes:
        buffers.append(body[start : start + size])
        start += size
    return head, buffers
