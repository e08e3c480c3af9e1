"""What every test shares: nothing of a test may touch the machine's own Airflow or site."""

from __future__ import annotations

import os
import tempfile

from hypothesis import settings

# Importing Airflow writes into its home.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="mingjing-airflow-")
os.environ["GX_ANALYTICS_ENABLED"] = "False"
os.environ.pop("MINGJING_SITE", None)
os.environ.pop("MINGJING_WAREHOUSE_URL", None)

# A test says what is true, not how fast: a machine with other work would fail it now and then.
settings.register_profile("mingjing", deadline=None)
settings.load_profile("mingjing")
