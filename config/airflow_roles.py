"""Makes the roles of airflow-roles.yaml in Airflow's database, exactly as they stand there; safe to repeat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.providers.fab.www.security import permissions

FILE = Path(__file__).with_name("airflow-roles.yaml")
ACTIONS = {
    "read": permissions.ACTION_CAN_READ,
    "create": permissions.ACTION_CAN_CREATE,
    "edit": permissions.ACTION_CAN_EDIT,
    "delete": permissions.ACTION_CAN_DELETE,
    "menu": permissions.ACTION_CAN_ACCESS_MENU,
}
RESOURCES = frozenset(
    value
    for name, value in vars(permissions).items()
    if name.startswith("RESOURCE_") and isinstance(value, str)
)

Permissions = frozenset[tuple[str, str]]
"""(action, resource) as FAB spells them."""


def read_roles(file: Path = FILE) -> dict[str, Permissions]:
    """Read what each role may do; ValueError names a word that FAB does not know."""
    declared = yaml.safe_load(file.read_text(encoding="utf-8"))["roles"]
    return {name: frozenset(_permissions(name, declared)) for name in declared}


def apply(security: Any, roles: Mapping[str, Permissions]) -> None:
    """Give every role these permissions and no other.

    Args:
        security: FAB's security manager.
        roles: What `read_roles` returns.
    """
    for name, wanted in roles.items():
        role = security.add_role(name)
        held = {(one.action.name, one.resource.name): one for one in role.permissions}
        for pair in sorted(wanted - set(held)):
            security.add_permission_to_role(role, security.create_permission(*pair))
        for pair in sorted(set(held) - wanted):
            security.remove_permission_from_role(role, held[pair])


def _permissions(name: str, declared: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    role = dict(declared[name])
    role.pop("title")
    if parent := role.pop("extends", None):
        yield from _permissions(parent, declared)
    for action, resources in role.items():
        for resource in resources:
            if action not in ACTIONS or resource not in RESOURCES:
                raise ValueError(
                    f"airflow-roles.yaml [{name}.{action}] {resource}: 动作应为 {sorted(ACTIONS)},资源应为 "
                    f"{sorted(RESOURCES)}。 The action must be one of {sorted(ACTIONS)}, the resource one of those."
                )
            yield ACTIONS[action], resource


def main() -> None:
    """Apply the file to the database that Airflow's settings name."""
    roles = read_roles()
    with get_application_builder() as builder:
        apply(builder.sm, roles)


if __name__ == "__main__":
    main()
