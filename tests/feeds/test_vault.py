from __future__ import annotations

import hashlib
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from upath import UPath

from include.feeds import vault
from include.feeds.faults import Held
from include.feeds.landing import land
from include.feeds.vault import Sealer, read_landed, sealed_bytes
from include.keys import KeyGone, KeyRing
from include.quarters import Quarter

RING = KeyRing().with_new("vault", Quarter(2025, 1))
KEY = RING.key_for("vault")


@pytest.fixture
def landed(tmp_path):
    def put(content, key=KEY):
        source = tmp_path / "信访.csv"
        source.write_bytes(content)
        return land(source, tmp_path / "vault", key=key)

    return put


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_landed_bytes_are_unreadable_at_rest_and_come_back_whole(landed, size):
    content = (b"110101199003078515 \xe5\xbc\xa0\xe4\xbc\x9f " * (size // 20 + 1))[:size]
    done = landed(content)
    stored = done.path.read_bytes()
    assert done.sha256 == done.path.name == hashlib.sha256(content).hexdigest()
    assert len(stored) == sealed_bytes(size, KEY)
    assert size < 30 or b"110101199003078515" not in stored
    assert read_landed(done.path, RING) == content
    assert done.path.stat().st_mode & 0o222 == 0


def test_the_same_bytes_again_change_nothing(landed):
    first = landed(b"content")
    before = first.path.read_bytes()
    again = landed(b"content")
    assert not again.created and again.path.read_bytes() == before


def test_what_was_landed_without_a_key_stays_readable(landed):
    done = landed(b"as it came", key=None)
    assert done.path.read_bytes() == b"as it came"
    assert read_landed(done.path, RING) == b"as it came"
    assert not landed(b"as it came").created


def test_a_plain_file_that_looks_sealed_is_read_as_it_came(landed):
    content = b"MJVAULT1\x05vault and more"
    assert read_landed(landed(content, key=None).path, RING) == content
    assert read_landed(landed(content + b"!").path, RING) == content + b"!"


def _altered(stored, how):
    piece = (1 << 20) + 16
    head = len(stored) - 2 * piece
    match how:
        case "bit":
            return stored[:-40] + bytes([stored[-40] ^ 1]) + stored[-39:]
        case "cut at a piece":
            return stored[: head + piece]
        case "cut":
            return stored[:-1]
        case "swapped":
            return stored[:head] + stored[head + piece :] + stored[head : head + piece]
        case "header":
            return stored[:30] + bytes([stored[30] ^ 1]) + stored[31:]
        case "emptied":
            return b""


@pytest.mark.parametrize("how", ["bit", "cut at a piece", "cut", "swapped", "header", "emptied"])
def test_damage_is_noticed(landed, how):
    done = landed(os.urandom(2 << 20))
    altered = _altered(done.path.read_bytes(), how)
    done.path.chmod(0o600)
    done.path.write_bytes(altered)
    with pytest.raises((Held, KeyGone)) as error:
        read_landed(done.path, RING)
    if isinstance(error.value, Held):
        assert error.value.fault.code == "F-VAULT"


def test_another_file_in_its_place_is_noticed(landed):
    one, two = landed(b"one"), landed(b"two")
    one.path.chmod(0o600)
    one.path.write_bytes(two.path.read_bytes())
    with pytest.raises(Held, match="F-VAULT"):
        read_landed(one.path, RING)


def test_without_its_key_nothing_is_read(landed):
    done = landed(b"content")
    with pytest.raises(KeyGone, match=KEY.id):
        read_landed(done.path, RING.without(KEY.id))
    with pytest.raises(KeyGone, match=KEY.id):
        read_landed(done.path, KeyRing().with_new("vault", Quarter(2025, 1)))


def test_after_a_rotation_old_and_new_files_are_read(landed):
    old = landed(b"old")
    ring = RING.with_new("vault", Quarter(2026, 1))
    new = landed(b"new", key=ring.key_for("vault"))
    assert read_landed(old.path, ring) == b"old" and read_landed(new.path, ring) == b"new"


def test_an_object_store_holds_sealed_bytes_too(tmp_path):
    source = tmp_path / "a.csv"
    source.write_bytes(b"plain content")
    folder = UPath("memory://vault-test/landing")
    done = land(source, folder, key=KEY)
    assert b"plain" not in done.path.read_bytes()
    assert read_landed(done.path, RING) == b"plain content"


@settings(max_examples=30, deadline=None)
@given(chunks=st.lists(st.binary(max_size=300), max_size=8))
def test_any_way_of_writing_gives_the_bytes_back(tmp_path_factory, chunks):
    plain = b"".join(chunks)
    path = tmp_path_factory.mktemp("v") / hashlib.sha256(plain).hexdigest()
    original = vault._PIECE_BYTES
    vault._PIECE_BYTES = 64
    try:
        with path.open("wb") as stream:
            sealer = Sealer(stream, KEY)
            for chunk in chunks:
                sealer.write(chunk)
            sealer.close()
        assert path.stat().st_size == sealed_bytes(len(plain), KEY)
        assert read_landed(path, RING) == plain
    finally:
        vault._PIECE_BYTES = original
