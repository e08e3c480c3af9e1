"""Office Open XML that Excel encrypted by itself: with its default password it opens without asking anyone.

Runs in the limited child of `encrypted_work.py`.
"""

from __future__ import annotations

import io
import zipfile

from msoffcrypto.format.ooxml import OOXMLFile

from include.feeds.sniff import Refused

DEFAULT_PASSWORD = "VelvetSweatshop"  # ruff: ignore[hardcoded-password-string] known to all ([MS-OFFCRYPTO] 2.4.2.3)

_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"


def decrypted(data: bytes) -> bytes:
    """The package inside an encrypted container that has the default password.

    Raises:
        Refused: F-PASS (it has another password, or is broken so that none fits).
    """
    plain = io.BytesIO()
    try:
        file = OOXMLFile(io.BytesIO(data))
        file.load_key(password=DEFAULT_PASSWORD, verify_password=True)
        file.decrypt(plain)
    except MemoryError:
        raise
    except Exception as error:
        # The library raises whatever a broken container makes it trip over.
        raise Refused("F-PASS") from error
    return plain.getvalue()


def warm_up() -> None:
    """Encrypt and decrypt once: much of what that takes is imported only on the way."""
    package, container = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("[Content_Types].xml", f"<Types xmlns='{_TYPES}'/>")
        archive.writestr("room", bytes(8192))  # the library's writer makes no container of a smaller package
    OOXMLFile(package).encrypt(DEFAULT_PASSWORD, container)
    decrypted(container.getvalue())
