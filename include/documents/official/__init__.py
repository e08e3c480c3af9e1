"""Official documents: pure rendering from facts, an editable template and phrases; no warehouse, no clock."""

from __future__ import annotations
