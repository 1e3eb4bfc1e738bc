"""Secret values: encrypted where they are stored, and bound to their place.

AES-256-GCM (NIST SP 800-38D) under a key derived from the installation's key. The place (entity, field, record) is
authenticated with the value, so that a ciphertext moved to another row does not decrypt there.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION: Final = b"\x01"
"""Stands before every ciphertext, so that a later scheme can tell them apart."""
NONCE_BYTES: Final = 12


class Unreadable(Exception):
    """The value was not encrypted with this installation's key, or not for this place."""


def encrypt(key: bytes, place: tuple[str, str, int], text: str) -> bytes:
    """The ciphertext of a secret for one field of one record."""
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + AESGCM(_derived(key)).encrypt(nonce, text.encode("utf-8"), _bound(place))


def decrypt(key: bytes, place: tuple[str, str, int], kept: bytes) -> str:
    """The secret again; raises Unreadable."""
    nonce, sealed = kept[1 : 1 + NONCE_BYTES], kept[1 + NONCE_BYTES :]
    if kept[:1] != VERSION:
        raise Unreadable
    try:
        return AESGCM(_derived(key)).decrypt(nonce, sealed, _bound(place)).decode("utf-8")
    except InvalidTag as error:
        raise Unreadable from error


def _derived(key: bytes) -> bytes:
    # The same key also signs cursors: each use has a key of its own.
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"forme secret fields").derive(key)


def _bound(place: tuple[str, str, int]) -> bytes:
    entity, field, id = place
    return f"{entity}.{field}:{id}".encode()
