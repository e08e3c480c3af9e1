"""A DAG of one question to one account, for the tests of roles."""

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import DAG

with DAG("asks", schedule=None):
    HITLOperator(
        task_id="ask",
        subject="预警名单",
        options=["确认 Confirm"],
        assigned_users={"id": "zhang", "name": "zhang"},
    )
