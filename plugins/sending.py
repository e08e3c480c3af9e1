"""Hands messages to Airflow's own providers: mail through SMTP, groups in WeCom, DingTalk, Feishu through Apprise."""

from __future__ import annotations

import logging
from collections import Counter
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from include.pipeline.messages import Message
    from include.site import Site

log = logging.getLogger(__name__)


class NotSent(RuntimeError):
    """A service did not take the message."""


def send_all(site: Site, *, now: datetime) -> dict[str, int]:
    """Send what is to be told and record each message that went out; return how many were `sent` and `failed`.

    A message that cannot be sent is logged and composed again the next time; it never fails the task.
    """
    from include.pipeline.messages import due_messages, record_sent

    counts = Counter(sent=0, failed=0)
    for message in due_messages(site, now=now):
        try:
            _send(message)
        # Any: services fail in ways of their own. The error itself may hold an address with a secret in it.
        except Exception as error:
            log.warning(
                "%s → %s: 未送出,下次再试 not sent, tried again next time (%s)",
                message.audience,
                message.channel,
                type(error).__name__,
            )
            counts["failed"] += 1
            continue
        record_sent(site, message, now=now)
        counts["sent"] += 1
    return dict(counts)


def _send(message: Message) -> None:
    from include.pipeline.messages import MAIL

    if message.channel == MAIL:
        _mail(message)
    else:
        _apprise(message)


def _mail(message: Message) -> None:
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    text = escape(message.body).replace("\n", "<br>\n")
    with SmtpHook("smtp_default") as hook:
        hook.send_email_smtp(to=list(message.to), subject=message.title, html_content=f"<p>{text}</p>")


def _apprise(message: Message) -> None:
    # The hook's own `notify` forgets whether a service took the message.
    import apprise
    from airflow.providers.apprise.hooks.apprise import AppriseHook

    hook, services = AppriseHook(message.channel), apprise.Apprise()
    hook.set_config_from_conn(conn=hook.get_connection(message.channel), apprise_obj=services)
    if not services.notify(title=message.title, body=message.body, tag="all"):
        raise NotSent(message.channel)
