"""Messages on a pipe: a kind, a number, a length, and so many bytes. What a stranger writes is cut into frames or refused."""

import struct
from collections.abc import Iterator

CELL = b"C"
"""Cell `number` begins."""
NOTE = b"N"
"""Cell `number` failed: its error, as text."""
BEGIN = b"B"
"""Exercise `number` begins."""
RESULT = b"R"
"""Exercise `number`: its attempt, as JSON."""
ENDED = b"X"
"""Exercise `number` came to an end without a result: why, as text."""
DONE = b"D"
"""All is done."""

KINDS = frozenset((CELL, NOTE, BEGIN, RESULT, ENDED, DONE))
HEAD = struct.Struct("!cII")
LARGEST = 64 << 20
"""Bytes that one frame may have."""


class Flood(Exception):
    """No frame, or one too large."""


def frame(kind: bytes, number: int = 0, content: bytes = b"") -> bytes:
    """One message."""
    return HEAD.pack(kind, number, len(content)) + content


class Reader:
    """Puts the chunks of a pipe together again."""

    def __init__(self) -> None:
        self.held = bytearray()

    def frames(self, chunk: bytes) -> Iterator[tuple[bytes, int, bytes]]:
        """The frames that are whole with this chunk.

        Raises:
            Flood: what came is no frame.
        """
        self.held += chunk
        while len(self.held) >= HEAD.size:
            kind, number, length = HEAD.unpack_from(self.held)
            if kind not in KINDS or length > LARGEST:
                raise Flood
            if len(self.held) < HEAD.size + length:
                return
            content = bytes(self.held[HEAD.size : HEAD.size + length])
            del self.held[: HEAD.size + length]
            yield kind, number, content
