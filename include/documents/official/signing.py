"""Detached Ed25519 signatures of manifests: whoever has the public key can check one without us."""

from __future__ import annotations

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def public_key(secret: bytes) -> str:
    """The public key to a secret of 32 bytes, in Base64."""
    raw = (
        Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    )
    return base64.b64encode(raw).decode()


def sign(content: bytes, secret: bytes) -> bytes:
    """The signature of `content`: Base64 and a line end, 89 bytes."""
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(secret).sign(content)) + b"\n"


def is_signed(content: bytes, signature: bytes, public: str) -> bool:
    """Whether `signature` is that of `content` by the holder of the public key (Base64)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        key.verify(base64.b64decode(signature.strip(), validate=True), content)
    except (ValueError, InvalidSignature):
        return False
    return True
