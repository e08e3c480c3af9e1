"""The site and the moment of a task."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from include.site import Site, open_site


def opened() -> tuple[Site, datetime]:
    """The site and the moment of this task: the only clock reading of a run.

    MINGJING_NOW, an ISO 8601 time with its zone, stands in for the clock in a rehearsal of a past quarter.
    """
    rehearsed = os.environ.get("MINGJING_NOW")
    return open_site(), datetime.fromisoformat(rehearsed) if rehearsed else datetime.now(UTC)
