"""The limited child of encrypted Office files: the readers', with what decrypts loaded before its doors close."""

from __future__ import annotations

from include.feeds import child_work, encrypted


def serve(control_fd: int, address: str = "") -> None:
    """Serve files; see `include.limited.child.serve`."""
    encrypted.warm_up()
    child_work.serve(control_fd, address)
