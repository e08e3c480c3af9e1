"""Landed bytes at rest: encrypted in pieces with AES-256-GCM, opened by one function.

A sealed file is `MJVAULT1`, the length and id of the key, a salt of 16 bytes, then pieces of 1 MiB, each with its
tag. Every file has a key of its own (HKDF of the ring's key and the salt), so the nonce is the number of the piece
and a mark on the last one: a piece that is changed, moved or missing is noticed. Files landed before there was a key
lie there as they came and stay readable. The name of a file is the SHA-256 of its plain bytes either way.
"""

from __future__ import annotations

import hashlib
import os
import struct
from typing import IO, Any

from include.feeds.faults import Held, fault
from include.keys import Key, KeyRing

_MAGIC = b"MJVAULT1"
_SALT_BYTES, _TAG_BYTES = 16, 16
_PIECE_BYTES = 1 << 20


class Sealer:
    """Writes plain bytes to `stream` sealed; `close` must follow the last of them."""

    def __init__(self, stream: IO[bytes], key: Key) -> None:
        salt = os.urandom(_SALT_BYTES)
        self._stream = stream
        self._header = _header(key.id) + salt
        self._cipher = _cipher(key, salt)
        self._waiting = bytearray()
        self._pieces = 0
        stream.write(self._header)

    def write(self, plain: bytes) -> None:
        """Take more plain bytes."""
        self._waiting += plain
        while len(self._waiting) > _PIECE_BYTES:
            self._seal(bytes(self._waiting[:_PIECE_BYTES]), last=False)
            del self._waiting[:_PIECE_BYTES]

    def close(self) -> None:
        """Write the last piece; the stream stays open."""
        self._seal(bytes(self._waiting), last=True)

    def _seal(self, piece: bytes, *, last: bool) -> None:
        nonce = _nonce(self._pieces, last=last)
        self._stream.write(self._cipher.encrypt(nonce, piece, self._header))
        self._pieces += 1


def sealed_bytes(plain_bytes: int, key: Key) -> int:
    """Size of a sealed file."""
    pieces = max(1, -(-plain_bytes // _PIECE_BYTES))
    return len(_header(key.id)) + _SALT_BYTES + plain_bytes + pieces * _TAG_BYTES


def read_landed(path: Any, ring: KeyRing) -> bytes:
    """The plain bytes of a landed file, encrypted or not. The caller records the read.

    Args:
        path: pathlib.Path or UPath in landing; its name is the SHA-256 of the plain bytes.
        ring: the site's keys.

    Raises:
        include.keys.KeyGone: the key it was sealed with is not on the ring any more.
        Held: F-VAULT, the stored bytes are damaged.
        FileNotFoundError: it was deleted.
    """
    from cryptography.exceptions import InvalidTag

    content = path.read_bytes()
    if _is(content, path.name):
        return content
    if not content.startswith(_MAGIC):
        raise Held(fault("F-VAULT", sha256=path.name[:12]))
    size = len(_MAGIC) + 1 + content[len(_MAGIC)]
    header, key_id = content[: size + _SALT_BYTES], content[len(_MAGIC) + 1 : size].decode("ascii", "replace")
    cipher = _cipher(ring.key(key_id), header[size:])
    body, step = memoryview(content)[len(header) :], _PIECE_BYTES + _TAG_BYTES
    places = range(0, max(1, len(body)), step)
    try:
        plain = b"".join(
            cipher.decrypt(_nonce(at // step, last=at + step >= len(body)), body[at : at + step], header)
            for at in places
        )
    except (InvalidTag, ValueError) as error:
        raise Held(fault("F-VAULT", sha256=path.name[:12])) from error
    if not _is(plain, path.name):
        raise Held(fault("F-VAULT", sha256=path.name[:12]))
    return plain


def _is(content: bytes, name: str) -> bool:
    return hashlib.sha256(content).hexdigest() == name


def _header(key_id: str) -> bytes:
    return _MAGIC + bytes([len(key_id)]) + key_id.encode("ascii")


def _nonce(piece: int, *, last: bool) -> bytes:
    return struct.pack(">IIIB", 0, 0, piece, last)[1:]


def _cipher(key: Key, salt: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(SHA256(), length=32, salt=salt, info=b"mingjing vault file").derive(key.secret)
    return AESGCM(derived)
