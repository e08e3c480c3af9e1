from __future__ import annotations

import base64

import pytest

from include.config import ConfigError
from include.keys import ENVIRONMENT, KeyGone, KeyRing, open_ring
from include.quarters import Quarter

Q = Quarter.parse


@pytest.fixture
def ring(tmp_path):
    made = KeyRing(file=tmp_path / "keys.yaml")
    return (
        made.with_new("pseudonym", Q("2025Q1"))
        .with_new("pseudonym", Q("2026Q1"))
        .with_new("vault", Q("2025Q1"))
    )


def test_the_key_in_force_is_that_of_the_quarter(ring):
    old, new = ring.of("pseudonym")
    assert ring.key_for("pseudonym", Q("2025Q4")) == old
    assert ring.key_for("pseudonym", Q("2026Q1")) == ring.key_for("pseudonym", Q("2026Q3")) == new
    assert ring.key_for("pseudonym") == new
    assert ring.key_for("pseudonym", Q("2019Q1")) == old, "before the first key: the first"


def test_a_saved_ring_is_for_its_owner_only_and_reads_back(ring, tmp_path):
    ring.save()
    file = tmp_path / "keys.yaml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert open_ring("keys.yaml", base=tmp_path) == ring
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys.yaml"]


def test_a_ring_that_others_may_read_is_refused(ring, tmp_path):
    ring.save()
    (tmp_path / "keys.yaml").chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        open_ring("keys.yaml", base=tmp_path)


def test_the_environment_goes_before_the_file(ring, tmp_path, monkeypatch):
    ring.save()
    other = KeyRing(file=tmp_path / "other.yaml").with_new("token", Q("2026Q1"))
    other.save()
    monkeypatch.setenv(ENVIRONMENT, (tmp_path / "other.yaml").read_text())
    found = open_ring("keys.yaml", base=tmp_path)
    assert found.keys == other.keys and found.file is None


def test_the_document_behind_an_airflow_connection_is_read(ring, tmp_path):
    ring.save()
    asked = []

    def secret(name):
        asked.append(name)
        return (tmp_path / "keys.yaml").read_text()

    assert open_ring("airflow://mingjing_keys", base=tmp_path, secret=secret).keys == ring.keys
    assert asked == ["mingjing_keys"]


def test_no_secret_stands_in_a_print_or_in_an_error(ring, tmp_path, monkeypatch):
    secrets = [base64.b64encode(key.secret).decode() for key in ring.keys]
    assert not any(secret in repr(ring) for secret in secrets)
    assert not any(repr(key.secret) in repr(ring) for key in ring.keys)
    broken = "keys:\n- {id: a, purpose: vault, begins: 2026Q1, secret: c2hvcnQ=}\n"
    monkeypatch.setenv(ENVIRONMENT, broken)
    with pytest.raises(ConfigError) as error:
        open_ring("keys.yaml", base=tmp_path)
    assert "c2hvcnQ" not in str(error.value) and "keys.0.secret" in str(error.value)
    monkeypatch.setenv(ENVIRONMENT, "keys: [c2hvcnQ=: {")
    with pytest.raises(ConfigError) as error:
        open_ring("keys.yaml", base=tmp_path)
    assert "c2hvcnQ" not in str(error.value)


def test_a_missing_purpose_is_a_sentence_with_the_command(tmp_path):
    with pytest.raises(ConfigError, match="mingjing keys new"):
        open_ring("keys.yaml", base=tmp_path).key_for("vault")


def test_a_destroyed_key_stays_by_name_and_says_so(ring):
    old = ring.of("pseudonym")[0]
    left = ring.without(old.id)
    assert [key.id for key in left.keys] == [key.id for key in ring.keys]
    with pytest.raises(KeyGone, match=old.id):
        left.key(old.id)
    with pytest.raises(KeyGone):
        left.key_for("pseudonym", Q("2025Q2"))
    assert left.key_for("pseudonym", Q("2026Q2")) == ring.of("pseudonym")[1]


def test_a_later_key_only(ring):
    with pytest.raises(ValueError, match="later"):
        ring.with_new("pseudonym", Q("2026Q1"))
