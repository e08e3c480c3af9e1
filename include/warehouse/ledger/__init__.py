"""The delivery ledger: what arrived, how it was judged, where its rows went."""

from __future__ import annotations

from include.warehouse.ledger.reading import (
    UNKNOWN_UNIT,
    balances,
    confirmations,
    effective_verdicts,
    find_delivery,
    find_delivery_by_cells,
    find_delivery_by_sha,
    is_recorded,
    pending,
    received,
)
from include.warehouse.ledger.records import (
    QUARANTINE_COLUMNS,
    Confirmation,
    Delivery,
    EffectiveVerdict,
    FileFault,
    NilReturn,
    Receipt,
    RowBalance,
    StagedFile,
    ValidationResult,
    Verdict,
    no_quarantined_rows,
)
from include.warehouse.ledger.writing import (
    record_confirmation,
    record_delivery,
    record_verdict,
)

__all__ = [
    "QUARANTINE_COLUMNS",
    "UNKNOWN_UNIT",
    "Confirmation",
    "Delivery",
    "EffectiveVerdict",
    "FileFault",
    "NilReturn",
    "Receipt",
    "RowBalance",
    "StagedFile",
    "ValidationResult",
    "Verdict",
    "balances",
    "confirmations",
    "effective_verdicts",
    "find_delivery",
    "find_delivery_by_cells",
    "find_delivery_by_sha",
    "is_recorded",
    "no_quarantined_rows",
    "pending",
    "received",
    "record_confirmation",
    "record_delivery",
    "record_verdict",
]
