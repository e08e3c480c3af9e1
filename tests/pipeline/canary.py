"""Made-up people to plant in deliveries, and a search for them in everything that is kept outside the vault."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")


@dataclass(frozen=True)
class Person:
    """Who must not be found. Names are of three characters, so that no ordinary word is one by chance."""

    name: str
    identity: str
    mobile: str
    address: str

    @property
    def traces(self) -> tuple[str, ...]:
        """Texts that give the person away; a mask keeps neither."""
        return self.name, self.identity, self.identity[6:14] + self.identity[14:17], self.mobile, self.address


def people(number: int, *, seed: int = 1) -> list[Person]:
    """So many different people, the same for the same seed."""
    chance, made = random.Random(seed), {}
    while len(made) < number:
        name = chance.choice("王李张刘陈杨赵周吴徐孙胡朱郭") + "".join(
            chance.sample("翀赟婧骁翊煜旻霁瑨玥垚烨祎曦", 2)
        )
        body = f"110101{chance.randint(1950, 2004)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
        body += f"{chance.randint(0, 999):03}"
        weights = [2 ** (17 - at) % 11 for at in range(17)]
        check = "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]
        mobile = f"138{chance.randint(0, 99_999_999):08}"
        address = f"翠微路{chance.randint(100, 999)}号{chance.randint(1000, 9999)}室"
        made[name] = Person(name, body + check, mobile, address)
    return list(made.values())


def leaks(planted: Iterable[Person], places: Iterable[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """(place, trace) of whatever is found; empty is what a test wants."""
    traces = {
        text: [text.encode(encoding) for encoding in ENCODINGS] for one in planted for text in one.traces
    }
    return [
        (place, trace)
        for place, content in places
        for trace, written in traces.items()
        if any(form in content for form in written)
    ]


def kept(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Everything that a site keeps outside its inbox and vault: paths, bytes, and what is packed in them."""
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if place.parts[0] == "inbox" or "vault" in place.parts:
            continue
        yield f"name of {place}", str(place).encode()
        if path.is_file():
            yield from _contents(str(place), path.read_bytes())


def _contents(place: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    yield place, content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for member in packed.namelist():
                yield from _contents(f"{place}!{member}", packed.read(member))
    if content.startswith(b"PAR1"):
        yield f"{place} read", repr(pq.read_table(io.BytesIO(content)).to_pydict()).encode()
