"""Airflow's FAB login, in which answering a review is a right of its own.

FAB lets a person answer only who may also change the DAG, and so pause it; here reading the DAG is enough. It knows the
persons that a task is assigned to by numbers of its own database; site.yaml knows accounts, so names count too.

Not a plugin (`.airflowignore`): only processes that ask who may do what load FAB.
"""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager
from airflow.providers.fab.auth_manager.models import User


class ReviewerFabAuthManager(FabAuthManager):
    """FAB's auth manager with reviewers who may answer, and neither trigger, clear nor pause."""

    def is_authorized_dag(
        self,
        *,
        method: Any,
        user: User,
        access_entity: DagAccessEntity | None = None,
        details: DagDetails | None = None,
    ) -> bool:
        """As FAB decides; but to answer, one needs to read the DAG and to edit `HITL Detail`."""
        if method == "PUT" and access_entity is DagAccessEntity.HITL_DETAIL:
            (resource,) = self._get_fab_resource_types(access_entity)
            if not self._is_authorized(method=method, resource_type=resource, user=user):
                return False
            method = "GET"
        return super().is_authorized_dag(
            method=method, user=user, access_entity=access_entity, details=details
        )

    def is_authorized_hitl_task(self, *, assigned_users: set[str], user: User) -> bool:
        """Whether the account is among those that the task was assigned to."""
        return bool(assigned_users & {user.get_id(), user.get_name()})
