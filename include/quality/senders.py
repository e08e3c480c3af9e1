"""Whether a file is another department's: the values of a column that each sender has of its own."""

from __future__ import annotations

from collections.abc import Mapping, Set

LIKE_ANOTHER, LIKE_ITS_OWN = 0.9, 0.5
"""Share of a file's values that another sender's last file holds from which on, and share that the supplier's own
last file holds up to which, the file is taken for the other's."""


def another_senders(
    values: Set[str], own: Set[str], others: Mapping[str, Set[str]]
) -> tuple[str, float] | None:
    """The sender whose file this looks like, and the share of the values that its last file holds.

    Args:
        values: what the file says in the column.
        own: what the supplier's last file said; empty where there is none.
        others: sender → what its last file said.
    """
    if not values or len(values & own) > LIKE_ITS_OWN * len(values):
        return None
    shares = {sender: len(values & said) / len(values) for sender, said in others.items()}
    sender = max(sorted(shares), key=lambda one: shares[one], default="")
    return (sender, shares[sender]) if sender and shares[sender] >= LIKE_ANOTHER else None
