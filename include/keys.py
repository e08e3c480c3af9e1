"""The site's key ring: secrets for pseudonyms, the vault, the tokens of returned workbooks, and signatures.

A ring is one YAML document. It comes from MINGJING_KEYS in the environment, from an Airflow connection
(`keys: airflow://connection` in site.yaml: its password holds the document), or from a file of the site that only
its owner may read and that no version control holds (`keys.yaml` by default). Keys are never written anywhere else;
what is stored beside data is the key's id.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import Field, field_validator

from include.config import ConfigError, Strict, mistake, parse, read_yaml
from include.lake import secret_of_connection
from include.quarters import Quarter

Purpose = Literal["pseudonym", "vault", "token", "sign"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
ENVIRONMENT = "MINGJING_KEYS"
SECRET_BYTES = 32
_AIRFLOW = "airflow://"
_HEAD = """\
# 密钥环:仅本文件属主可读(0600),不得进入版本库、备份到数据库或通过邮件发送;由密钥保管人另行离线备份。
# Key ring: for its owner's eyes only (0600), never versioned, never mailed; the custodian keeps a copy off line.
# 用 mingjing keys 命令维护。 Kept by the mingjing keys commands.
"""


class KeyGone(Exception):
    """A key that data asks for is not on the ring, or was destroyed on purpose."""

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        super().__init__(
            f"密钥 [{key_id}] 不在密钥环上或已销毁,用它保护的内容无法读取。 "
            f"Key [{key_id}] is not on the ring or was destroyed: what it protects cannot be read."
        )


class _Entry(Strict):
    id: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    purpose: Purpose
    begins: str
    secret: str
    """Base64 of 32 random bytes; empty once the key was destroyed."""

    @field_validator("begins")
    @classmethod
    def _quarter(cls, value: str) -> str:
        return str(Quarter.parse(value))

    @field_validator("secret")
    @classmethod
    def _whole(cls, value: str) -> str:
        # Told without the value: a sentence with a secret in it would end in a log.
        try:
            size = len(base64.b64decode(value, validate=True))
        except ValueError:
            size = -1
        if size not in (0, SECRET_BYTES):
            raise mistake(
                f"应为 {SECRET_BYTES} 字节的 Base64,或为空(已销毁)。",
                f"Base64 of {SECRET_BYTES} bytes, or empty for a destroyed key.",
            )
        return value


class _Document(Strict):
    keys: tuple[_Entry, ...] = ()

    @field_validator("keys")
    @classmethod
    def _each_once(cls, value: tuple[_Entry, ...]) -> tuple[_Entry, ...]:
        if len({one.id for one in value}) < len(value):
            raise mistake("每个密钥编号只写一次。", "Every id of a key once only.")
        return value


@dataclass(frozen=True)
class Key:
    """One key of the ring. `secret` has 32 bytes, or none where the key was destroyed; it never prints."""

    id: str
    purpose: Purpose
    begins: Quarter
    """The first quarter whose data it protects."""
    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.id!r})"


@dataclass(frozen=True)
class KeyRing:
    """The keys of a site, in order of purpose and first quarter; may be empty."""

    keys: tuple[Key, ...] = ()
    file: Path | None = None
    """Where the ring lies, if it is a file of the site's."""

    def has(self, purpose: Purpose) -> bool:
        """Whether any key of the purpose was ever made."""
        return any(key.purpose == purpose for key in self.keys)

    def of(self, purpose: Purpose) -> tuple[Key, ...]:
        """The keys of a purpose, oldest first, destroyed ones too."""
        return tuple(key for key in self.keys if key.purpose == purpose)

    def key_for(self, purpose: Purpose, quarter: Quarter | None = None) -> Key:
        """The newest key of a purpose, or the one in force in `quarter` (before the first key: the first).

        Raises:
            ConfigError: the ring has no key of that purpose.
            KeyGone: the key was destroyed.
        """
        known = self.of(purpose)
        if not known:
            raise ConfigError(
                self.file or ENVIRONMENT,
                [
                    f"没有用途为 [{purpose}] 的密钥:请运行 mingjing keys new。 "
                    f"There is no key for [{purpose}]: run mingjing keys new."
                ],
            )
        in_force = [key for key in known if quarter is None or key.begins <= quarter]
        return _whole((in_force or known[:1])[-1])

    def key(self, key_id: str) -> Key:
        """The key of that id; KeyGone where it is unknown or destroyed."""
        found = next((key for key in self.keys if key.id == key_id), None)
        if found is None:
            raise KeyGone(key_id)
        return _whole(found)

    def with_new(self, purpose: Purpose, begins: Quarter) -> KeyRing:
        """This ring with a new random key; ValueError where the purpose has a key from that quarter on or later."""
        known = self.of(purpose)
        if known and begins <= known[-1].begins:
            raise ValueError(
                f"[{purpose}] 已有自 {known[-1].begins} 起生效的密钥,新密钥须更晚生效。 "
                f"[{purpose}] has a key from {known[-1].begins} on; a new one has to begin later."
            )
        name = f"{purpose}-{str(begins).lower()}-{secrets.token_hex(4)}"
        return self._with((*self.keys, Key(name, purpose, begins, secrets.token_bytes(SECRET_BYTES))))

    def without(self, key_id: str) -> KeyRing:
        """This ring with the secret of one key gone for good; its id stays."""
        gone = self.key(key_id)
        return self._with(tuple(replace(key, secret=b"") if key is gone else key for key in self.keys))

    def save(self) -> None:
        """Write the ring to its file, whole or not at all, readable by its owner only."""
        if self.file is None:
            raise ValueError("this ring is not a file")
        entries = [
            {
                "id": key.id,
                "purpose": key.purpose,
                "begins": str(key.begins),
                "secret": base64.b64encode(key.secret).decode(),
            }
            for key in self.keys
        ]
        text = _HEAD + yaml.safe_dump({"keys": entries}, sort_keys=False)
        partial = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(self.file)

    def _with(self, keys: tuple[Key, ...]) -> KeyRing:
        return replace(self, keys=_ordered(keys))


def open_ring(place: str, *, base: Path, secret: Callable[[str], str] = secret_of_connection) -> KeyRing:
    """Open the ring that MINGJING_KEYS holds, else the one at `place`; a missing file is an empty ring.

    Args:
        place: of site.yaml: a file relative to `base`, or `airflow://<connection>`.
        base: folder of the site.
        secret: fetches the document behind a connection.

    Raises:
        ConfigError: the ring is malformed, or others may read its file.
    """
    if text := os.environ.get(ENVIRONMENT):
        return _ring(text, ENVIRONMENT)
    if place.startswith(_AIRFLOW):
        return _ring(secret(place.removeprefix(_AIRFLOW)), place)
    file = base / place
    if not file.exists():
        return KeyRing(file=file)
    if file.stat().st_mode & 0o077:
        raise ConfigError(
            file,
            [f"其他用户可以读取密钥:请运行 chmod 600 {file}。 Others may read it: run chmod 600 {file}."],
        )
    return KeyRing(_keys(parse(_Document, read_yaml(file), file=file)), file)


def _ring(text: str, place: str) -> KeyRing:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:  # its message quotes the line, which holds a secret
        found = None
    if not isinstance(found, dict):
        raise ConfigError(place, ["密钥环应为 YAML 映射。 The key ring has to be a YAML mapping."])
    return KeyRing(_keys(parse(_Document, found, file=place)))


def _keys(document: _Document) -> tuple[Key, ...]:
    return _ordered(
        tuple(
            Key(one.id, one.purpose, Quarter.parse(one.begins), base64.b64decode(one.secret))
            for one in document.keys
        )
    )


def _ordered(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    return tuple(sorted(keys, key=lambda key: (PURPOSES.index(key.purpose), key.begins)))


def _whole(key: Key) -> Key:
    if not key.secret:
        raise KeyGone(key.id)
    return key
