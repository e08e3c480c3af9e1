"""Keyed pseudonyms for person keys, and the one identity that measures see across a change of key.

A pseudonym is HMAC-SHA-256(key, domain ‖ 0x00 ‖ normalised value) in hex. The domain is the feed unless the contract
names one that two feeds share. A row carries the pseudonym of the key in force in its quarter. While the look-back of
the feed still reaches quarters of an earlier key, the row also carries a link to the pseudonym under that key, sealed
with AES-SIV (RFC 5297) under a key derived from the earlier one: whoever lacks the earlier key cannot follow it, so
destroying that key erases the link from every file, released ones too.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.feeds.contract import Column, Contract
from include.keys import Key, KeyRing
from include.quarters import Quarter

KEY_ID = "_key"
"""Staged column: id of the key of a row's pseudonyms."""
_SEPARATORS = str.maketrans("", "", " -\u3000\t")


def pseudonym_columns(contract: Contract) -> tuple[Column, ...]:
    """The columns that are staged as pseudonyms only."""
    return tuple(column for column in contract.columns if column.privacy == "pseudonym")


def links_column(column: str) -> str:
    """Staged column that holds the sealed links of a pseudonym column: texts `<key id>:<hex>`."""
    return f"_links_{column}"


def pseudonymiser(contract: Contract, ring: KeyRing) -> Callable[[pa.Table], pa.Table] | None:
    """What turns the person keys of accepted rows into pseudonyms; None where there is no key or nothing to do.

    The function raises KeyGone where the key in force in a row's quarter was destroyed.
    """
    if not pseudonym_columns(contract) or not ring.has("pseudonym"):
        return None

    def pseudonymise(rows: pa.Table) -> pa.Table:
        quarters = pc.dictionary_encode(rows["_quarter"].combine_chunks())
        named = [Quarter.parse(key) for key in quarters.dictionary.to_pylist()]
        keys = [ring.key_for("pseudonym", quarter) for quarter in named]
        which = quarters.indices.to_numpy(zero_copy_only=False)
        earlier = [_earlier(ring, contract, quarter, key) for quarter, key in zip(named, keys, strict=True)]
        for column in pseudonym_columns(contract):
            domain = column.domain or contract.feed
            made, links = _column(rows[column.name], which, keys, earlier, domain)
            rows = rows.set_column(rows.column_names.index(column.name), column.name, made)
            rows = rows.append_column(links_column(column.name), links)
        ids = np.array([key.id for key in keys], dtype=object)
        return rows.append_column(KEY_ID, pa.array(ids[which] if len(keys) else [], pa.string()))

    return pseudonymise


def identities(paths: Iterable[tuple[Contract, Path]], ring: KeyRing, quarter: Quarter) -> pa.Table:
    """Which pseudonym under an earlier key is whose: `before` → `now`, both hex, each `before` once.

    Args:
        paths: staged files within the look-back, each with its feed's contract.
        ring: the site's keys.
        quarter: the quarter whose look-back it is. Links to keys that were followed before it begins stay sealed: rows
            at its far end carry such links for the quarters that looked back from there.

    Raises:
        KeyGone: a link asks for a key that was destroyed: the look-back cannot be joined any more.
    """
    import pyarrow.parquet as pq

    given = [(contract, path) for contract, path in paths if pseudonym_columns(contract)]
    first = quarter.shift(-max((contract.time.lookback_quarters for contract, _ in given), default=0))
    known = ring.of("pseudonym")
    over = {key.id for key, later in pairwise(known) if later.begins <= first}
    order = {key.id: place for place, key in enumerate(known)}
    found: dict[tuple[int, str], str] = {}
    ciphers: dict[str, Any] = {}
    for contract, path in given:
        present = pq.read_schema(path).names
        for column in pseudonym_columns(contract):
            if links_column(column.name) not in present:
                continue
            table = pq.read_table(path, columns=[column.name, links_column(column.name)])
            flat = pc.list_flatten(table[links_column(column.name)])
            if not len(flat):
                continue
            owner = (
                table[column.name]
                .combine_chunks()
                .take(pc.list_parent_indices(table[links_column(column.name)]).combine_chunks())
            )
            distinct = pa.table({"now": owner, "link": flat}).group_by(["now", "link"]).aggregate([])
            for now, link in zip(distinct["now"].to_pylist(), distinct["link"].to_pylist(), strict=True):
                key_id, _, sealed = link.partition(":")
                if key_id in over:
                    continue
                if key_id not in ciphers:
                    ciphers[key_id] = _sealer(ring.key(key_id))
                before = ciphers[key_id].decrypt(bytes.fromhex(sealed), [bytes.fromhex(now)]).hex()
                found[order[key_id], before] = now
    joined: dict[str, str] = {before: now for (_, before), now in sorted(found.items())}
    return pa.table(
        {
            "before": pa.array([*joined], pa.string()),
            "now": pa.array([_newest(joined, now) for now in joined.values()], pa.string()),
        }
    )


def _newest(joined: dict[str, str], pseudonym: str) -> str:
    while pseudonym in joined:
        pseudonym = joined[pseudonym]
    return pseudonym


def _earlier(ring: KeyRing, contract: Contract, quarter: Quarter, key: Key) -> list[tuple[Key, Any]]:
    """The earlier keys that rows within the look-back of `quarter` may carry, with their sealers."""
    first = quarter.shift(-contract.time.lookback_quarters)
    known = ring.of("pseudonym")
    oldest = max((one.begins for one in known if one.begins <= first), default=known[0].begins)
    met = [one for one in known if oldest <= one.begins < key.begins]
    return [(one, _sealer(one) if one.secret else None) for one in met]


def _column(
    values: pa.ChunkedArray,
    which: np.ndarray,
    keys: Sequence[Key],
    earlier: Sequence[list[tuple[Key, Any]]],
    domain: str,
) -> tuple[pa.Array, pa.Array]:
    """Pseudonyms and links of a column, worked out once per distinct value and quarter."""
    texts = pc.dictionary_encode(values.cast(pa.string()).combine_chunks())
    prefix = domain.encode() + b"\0"
    said = [prefix + _normal(text).encode() for text in texts.dictionary.to_pylist()]
    codes = pc.fill_null(texts.indices, -1).to_numpy(zero_copy_only=False)
    pseudonyms, links = np.full(len(codes), None, dtype=object), np.full(len(codes), None, dtype=object)
    for place, key in enumerate(keys):
        here = which == place
        of_value, links_of = (
            np.full(len(said) + 1, None, dtype=object),
            np.full(len(said) + 1, None, dtype=object),
        )
        for code in np.unique(codes[here]):
            if code >= 0:
                own = _pseudonym(key, said[code])
                of_value[code] = own.hex()
                # A link under a destroyed key stays empty: measures then refuse instead of counting too few.
                links_of[code] = [
                    f"{old.id}:{sealer.encrypt(_pseudonym(old, said[code]), [own]).hex() if sealer else ''}"
                    for old, sealer in earlier[place]
                ]
        pseudonyms[here], links[here] = of_value[codes[here]], links_of[codes[here]]
    return pa.array(pseudonyms, pa.string()), pa.array(links, pa.list_(pa.string()))


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_SEPARATORS).upper()


def _pseudonym(key: Key, said: bytes) -> bytes:
    return hmac.digest(key.secret, said, "sha256")


def _sealer(key: Key) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESSIV(HKDF(SHA256(), length=64, salt=None, info=b"mingjing pseudonym link").derive(key.secret))
