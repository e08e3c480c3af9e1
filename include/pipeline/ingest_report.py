"""What one ingest run did, in counts and keys; no values of any row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from include.feeds.faults import Fault
from include.warehouse.ledger import Verdict


@dataclass(frozen=True)
class HeldFile:
    """A file that was held, and the sentence for its sender."""

    jurisdiction: str
    file_name: str
    fault: Fault


@dataclass
class IngestReport:
    """What one run did, in counts and keys; no values of any row."""

    feed: str
    counts: Counter[str] = field(default_factory=Counter)
    """Deliveries: recorded, duplicate, arriving, accepted, held. Rows: landed, rows_accepted, quarantined, …"""
    quarters: set[tuple[str, str]] = field(default_factory=set)
    """(jurisdiction, quarter) that got rows."""
    held: list[HeldFile] = field(default_factory=list)


def held_file(jurisdiction: str, file_name: str, verdict: Verdict) -> HeldFile:
    """A held verdict as the report tells it."""
    return HeldFile(
        jurisdiction, file_name, Fault(verdict.reason_code, verdict.message_zh, verdict.message_en)
    )


def count(report: IngestReport, jurisdiction: str, file_name: str, verdict: Verdict) -> None:
    """Count a verdict and its rows into the report."""
    report.counts[verdict.verdict] += 1
    if verdict.verdict == "held":
        report.held.append(held_file(jurisdiction, file_name, verdict))
    balance = verdict.balance
    report.counts["rows_landed"] += balance.landed
    report.counts["rows_accepted"] += balance.accepted
    report.counts["rows_quarantined"] += balance.quarantined
    report.counts["rows_duplicate"] += balance.exact_duplicates
    report.quarters |= {(jurisdiction, item.quarter) for item in verdict.staged}
    if verdict.nil is not None:
        report.quarters.add((jurisdiction, verdict.nil.quarter))
