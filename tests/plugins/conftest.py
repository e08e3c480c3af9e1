"""Makes plugins importable before their tests are read."""

import tests.bare_imports  # ruff: ignore[unused-import]
