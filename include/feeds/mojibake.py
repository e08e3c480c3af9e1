"""Text that was read in a wrong encoding "fine": what it would say in the right one, for recognising it only.

Nothing is repaired with this: what is recognised is held, and the sender saves the file anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from include.feeds.normalise import plain

_TAKEN_FOR = ("cp1252", "gb18030", "big5")
_MEANT = ("utf-8", "gb18030", "big5")
_SHORTEST = 2
"""Characters below which a likeness means nothing."""


def meant(text: str) -> Iterator[str]:
    """What `text` may have said before it was read in a wrong encoding, most likely first."""
    if text.isascii():
        return
    for taken in _TAKEN_FOR:
        raw = _bytes(text, taken)
        for right in _MEANT if raw else ():
            said = raw.decode(right, "ignore") if right != taken else ""
            # A wrong encoding swallows the end of a text; what is left must be nearly all of it.
            if len(said.encode(right)) + 2 >= len(raw) and not said.isascii() and said != text:
                yield said


def known_behind(texts: Iterable[str], known: Iterable[str]) -> tuple[str, str] | None:
    """The first of `texts` that garbles one of the `known` words, and that word; None where none does."""
    words = {plain(word): word for word in known if not word.isascii()}
    for text in texts:
        for said in map(plain, meant(text)):
            if len(said) < _SHORTEST:
                continue
            for word, shown in words.items():
                if word == said or (word.startswith(said) and len(word) == len(said) + 1):
                    return text, shown
    return None


def _bytes(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        pass
    if encoding != "cp1252":
        return b""
    try:
        # Windows keeps the five bytes that cp1252 leaves open as control characters.
        return b"".join(
            letter.encode("latin-1" if "\x80" <= letter <= "\x9f" else "cp1252") for letter in text
        )
    except UnicodeEncodeError:
        return b""
