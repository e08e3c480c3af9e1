"""Roles and accounts in the database of an Airflow that the demo or a test starts; run in a process of its own.

Reads a JSON object from standard input: by account its roles and its password. Accounts that exist keep theirs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

from config.airflow_roles import apply, read_roles


def add_accounts(security: Any, accounts: Mapping[str, Mapping[str, Any]]) -> None:
    """Create what is missing of `accounts`: by name `{"roles": [...], "password": …}`."""
    for name, account in accounts.items():
        if security.find_user(name) is None:
            roles = [security.find_role(role) for role in account["roles"]]
            mail = f"{name}@example.gov.cn"
            security.add_user(name, name, "/".join(account["roles"]), mail, roles, account["password"])


if __name__ == "__main__":
    with get_application_builder() as builder:
        apply(builder.sm, read_roles())
        add_accounts(builder.sm, json.load(sys.stdin))
