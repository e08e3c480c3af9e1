"""Messages to people: composed from what is due, addressed by site.yaml, each sent once to each channel.

What was sent stands in the audit chain. What could not be sent is composed again the next time, as things stand then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from pydantic import Field

from include.config import Strict, parse, read_yaml
from include.pipeline.message_facts import Facts, facts
from include.site import Audience, Site
from include.warehouse import audit
from include.warehouse.canonical import canonical_json, sha256_text
from include.warehouse.store import open_warehouse, reading, writing
from include.warehouse.tables import audit_entry

MAIL = "mail"
ACTION = "message.send"
_FILE = Path(__file__).with_name("messages.yaml")


class Topic(Strict):
    """One kind of message: whom it is for, and its words."""

    roles: tuple[str, ...] = Field(min_length=1)
    page: str
    zh: str
    en: str
    next_zh: str
    next_en: str


class Topics(Strict):
    """The contents of messages.yaml."""

    topics: dict[str, Topic]


@dataclass(frozen=True)
class Message:
    """One message to one channel of one audience."""

    audience: str
    channel: str
    """`mail`, or the id of an Apprise connection."""
    to: tuple[str, ...]
    """Addresses; empty for a connection."""
    jurisdiction: str
    topics: tuple[str, ...]
    title: str
    body: str
    key: str
    """The same news to the same channel has the same key."""


@cache
def topics() -> dict[str, Topic]:
    """Every topic by its code."""
    return parse(Topics, read_yaml(_FILE), file=_FILE).topics


def due_messages(site: Site, *, now: datetime) -> list[Message]:
    """The messages that are to be sent: per area, audience and channel one, with all that is new to that channel."""
    if not site.settings.notify:
        return []
    told = _told(site)
    found = []
    news = facts(site, now=now)
    for area in site.jurisdictions:
        for name, audience in site.settings.notify.items():
            theirs = [one for one in news if one.jurisdiction == area and _concerns(audience, one)]
            for channel in (*([MAIL] if audience.mail else []), *audience.connections):
                fresh = [one for one in theirs if _subject(name, channel, one) not in told]
                if fresh:
                    found.append(_message(site, area, name, channel, audience, fresh))
    return found


def record_sent(site: Site, message: Message, *, now: datetime) -> None:
    """Record that a message went out, so that it is not sent again."""
    with writing(open_warehouse(site.warehouse_url)) as connection:
        for subject in message.key.split():
            audit.append(
                connection,
                jurisdiction=message.jurisdiction,
                at=now,
                actor="send_messages",
                action=ACTION,
                subject=subject,
                after_digest=sha256_text(message.body),
                detail={"audience": message.audience, "channel": message.channel, "to": len(message.to)},
            )


def _told(site: Site) -> set[str]:
    query = (
        audit_entry.select().with_only_columns(audit_entry.c.subject).where(audit_entry.c.action == ACTION)
    )
    with reading(open_warehouse(site.warehouse_url)) as connection:
        return set(connection.scalars(query))


def _concerns(audience: Audience, news: Facts) -> bool:
    if not set(topics()[news.topic].roles) & set(audience.roles):
        return False
    if not {"*", news.jurisdiction} & set(audience.jurisdictions):
        return False
    return not news.supplier or bool({"*", news.supplier} & set(audience.suppliers))


def _subject(audience: str, channel: str, news: Facts) -> str:
    """How the audit chain names one thing told to one channel."""
    about = canonical_json([audience, channel, news.jurisdiction, news.supplier, *news.about])
    return f"message/{news.topic}/{sha256_text(about)[:20]}"


def _message(
    site: Site, area: str, name: str, channel: str, audience: Audience, news: Iterable[Facts]
) -> Message:
    place = next(one.name for one in site.settings.jurisdictions if one.code == area)
    told = list(news)
    words = [topics()[one.topic] for one in told]
    pages = list(dict.fromkeys(topic.page for topic in words if topic.page))
    links = [f"{site.settings.pages.rstrip('/')}{page}" for page in pages] if site.settings.pages else []
    zh = [f"· {topic.zh.format(**one.counts)}" for one, topic in zip(told, words, strict=True)]
    en = [f"- {topic.en.format(**one.counts)}" for one, topic in zip(told, words, strict=True)]
    next_zh = dict.fromkeys(f"下一步:{topic.next_zh}" for topic in words)
    next_en = dict.fromkeys(f"Next: {topic.next_en}" for topic in words)
    return Message(
        audience=name,
        channel=channel,
        to=audience.mail if channel == MAIL else (),
        jurisdiction=area,
        topics=tuple(one.topic for one in told),
        title=f"【明镜】{place.zh}:{len(told)} 件事项 Mingjing: {len(told)} matter(s)",
        body="\n".join([*zh, *next_zh, *links, "", *en, *next_en]),
        key=" ".join(_subject(name, channel, one) for one in told),
    )
