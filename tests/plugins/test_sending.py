"""Messages through Airflow's providers to a real SMTP server and a real HTTP endpoint on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from include.demo.airflow_runtime import free_port
from tests.pipeline.small_site import NOW, SmallSite, cases, on_time

NOTIFY = {
    "duty": {
        "roles": ["ops", "steward"],
        "suppliers": ["*"],
        "mail": ["one@example.gov.cn", "two@example.gov.cn"],
        "connections": ["feishu_duty"],
    }
}


class Mailbox:
    """What an SMTP server took."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append((envelope.rcpt_tos, mail))
        return "250 OK"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    mailbox, port = Mailbox(), free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    extra = {
        "disable_ssl": True,
        "disable_tls": True,
        "from_email": "mingjing@example.gov.cn",
        "retry_limit": 0,
    }
    connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection))
    yield mailbox
    controller.stop()


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What a messenger's endpoint was sent; it answers 503 while the list holds `None`."""
    posts: list[Any] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if None not in posts:
                posts.append(json.loads(body))
            self.send_response(503 if None in posts else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = Thread(target=server.serve_forever)
    thread.start()
    config = {"path": f"json://127.0.0.1:{server.server_port}", "tag": "all"}
    connection = {"conn_type": "apprise", "extra": {"config": config}}
    monkeypatch.setenv("AIRFLOW_CONN_FEISHU_DUTY", json.dumps(connection))
    yield posts
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    """Somebody owes ratings."""
    small = SmallSite.make(tmp_path, "cases", "ratings", settings={"notify": NOTIFY})
    small.send("cases", "cases.csv", cases(*on_time("东坡镇", 9, 10)))
    small.ingest()
    return small


def send(small: SmallSite) -> dict[str, int]:
    from sending import send_all

    return send_all(small.site, now=NOW)


def test_a_mail_and_a_post_in_both_languages_once(
    small: SmallSite, mailbox: Mailbox, posted: list[dict[str, Any]]
) -> None:
    assert send(small) == {"sent": 2, "failed": 0}
    ((to, mail),) = mailbox.mails
    assert to == ["one@example.gov.cn", "two@example.gov.cn"]
    assert mail["Subject"].startswith("【明镜】小县:")
    body = mail.get_body(("html",))
    assert body is not None
    text = body.get_content()
    assert "逾期" in text and "late" in text and text.index("逾期") < text.index("late")
    (post,) = posted
    assert post["title"] == mail["Subject"]
    assert "逾期" in post["message"]
    assert send(small) == {"sent": 0, "failed": 0}


def test_a_service_that_is_down_fails_nothing_and_is_tried_again(
    small: SmallSite, mailbox: Mailbox, posted: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    posted.append(None)
    assert send(small) == {"sent": 1, "failed": 1}
    assert (
        "feishu_duty" in caplog.text and "127.0.0.1" not in caplog.text.split("not sent")[0].splitlines()[-1]
    )
    assert len(mailbox.mails) == 1
    posted.clear()
    assert send(small) == {"sent": 1, "failed": 0}
    assert len(mailbox.mails) == 1 and len(posted) == 1


def test_without_connections_nothing_is_sent_and_nothing_breaks(small: SmallSite) -> None:
    assert send(small) == {"sent": 0, "failed": 2}
