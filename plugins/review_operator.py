"""Asks for one step of a review under Airflow's *Required Actions*; what is decided is the pipeline's.

What was found on a live 3.3.2, and what rests on it:

* A question is stored once and never changed, not even by a new try: its text cannot say why an answer was refused. The
  label of the mapped task can, and stands beside it in every list.
* To store a question again deletes the answer to it: right after a refusal, wrong when only waking up.
* Nobody else can end a waiting task: it wakes up now and then to see whether its review was decided elsewhere.
* An answer within a second of the question may look like a crash to the scheduler, which then starts another try; and
  any try may meet a fault. So an answer is kept until it is recorded, and a new try takes it up.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    TaskAwaitingInput,
)
from airflow.sdk.execution_time.comms import SetRenderedMapIndex
from airflow.sdk.execution_time.hitl import upsert_hitl_detail
from opened_site import opened
from review_form import CONFIRM, SEND_BACK, FormError, label, params, read

if TYPE_CHECKING:
    from include.pipeline.review_card import ReviewCard

WAKE_SECONDS = int(os.environ.get("MINGJING_REVIEW_WAKE_SECONDS", "900"))
GIVEN, REFUSAL = "answer", "refusal"


class ReviewOperator(HITLOperator):
    """One step, 1 or 2, of a review `{"review_id": int, "title": str}`.

    Its value is `next_step` or `final`; it is skipped where the review ends without passing this step.
    """

    template_fields = ("review",)

    def __init__(self, *, review: Any, step: int, **kwargs: Any) -> None:
        kwargs |= {
            "params": params(),
            "response_timeout": timedelta(seconds=WAKE_SECONDS),
            # At first soon, in the end every hour: a database that is away for days must not end a review.
            "retries": 999,
            "retry_delay": timedelta(seconds=15),
            "retry_exponential_backoff": 1.2,
            "max_retry_delay": timedelta(hours=1),
        }
        super().__init__(subject="", options=[CONFIRM, SEND_BACK], **kwargs)
        self.review = review
        self.step = step

    def execute(self, context: Any) -> Any:
        """Ask and park, unless the step is done or an answer waits to be recorded."""
        context["ti"].rendered_map_index = self.review["title"]
        card = self._card()
        if done := _done(card):
            return done
        if given := context["task_state_store"].get(GIVEN):
            return self._answer(context, given)
        return self._ask(context, card)

    def execute_complete(self, context: Any, event: dict[str, Any], digest: str) -> Any:
        """Take the answer of `event` to the list of this digest, or look whether one is still wanted."""
        context["ti"].rendered_map_index = self.review["title"]
        if event.get("error_type") == "timeout":
            return _done(self._card()) or self._park(digest)
        if "error" in event:
            raise AirflowException(event["error"])
        given = {
            "digest": digest,
            "account": event["responded_by_user"]["name"],
            "chosen": event["chosen_options"],
            "filled": event["params_input"],
        }
        context["task_state_store"].set(GIVEN, given)
        return self._answer(context, given)

    def _answer(self, context: Any, given: dict[str, Any]) -> Any:
        from include.pipeline.access import NotAllowed
        from include.pipeline.review import ReviewEnded, ReviewRefused, answer

        site, now = opened()
        said = {"step": self.step, "account": given["account"], "digest": given["digest"]}
        try:
            filled = read(given["chosen"], given["filled"] or {})
            outcome = answer(site, self.review["review_id"], **said, **filled, now=now, via="airflow")
        except ReviewEnded as ended:
            raise AirflowSkipException(str(ended)) from ended
        except (ReviewRefused, NotAllowed, FormError) as refusal:
            self.log.warning("[%s] %s", given["account"], refusal)
            card = self._card()
            if done := _done(card):
                return done
            store = context["task_state_store"]
            store.set(REFUSAL, f"[{given['account']}] {refusal}")
            store.delete(GIVEN)
            return self._ask(context, card)
        if outcome == "sent_back":
            raise AirflowSkipException(outcome)
        return outcome

    def _ask(self, context: Any, card: ReviewCard) -> None:
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

        from include.pipeline.review import accounts_for
        from include.pipeline.review_card import card_text

        shown = label(self.review["title"], context["task_state_store"].get(REFUSAL, ""))
        SUPERVISOR_COMMS.send(SetRenderedMapIndex(rendered_map_index=shown))
        self.params = ParamsDict(params(card))
        reviewers = accounts_for(opened()[0], card.review.jurisdiction, card.role)
        upsert_hitl_detail(
            ti_id=context["task_instance"].id,
            options=self.options,
            subject=card.subject,
            body=card_text(card),
            params=self.serialized_params,
            assigned_users=[{"id": name, "name": name} for name in reviewers],
        )
        self._park(card.digest)

    def _park(self, digest: str) -> None:
        raise TaskAwaitingInput(
            method_name="execute_complete", kwargs={"digest": digest}, timeout=self.response_timeout
        )

    def _card(self) -> ReviewCard:
        from include.pipeline.review_card import review_card

        return review_card(opened()[0], self.review["review_id"], step=self.step)


def _done(card: ReviewCard) -> str:
    """What this step has come to by another way; '' while it is due. Skips where the review ended otherwise."""
    if card.ended == "completed":
        return "final"
    if card.ended:
        raise AirflowSkipException(card.ended)
    if card.due_step < card.step:
        raise AirflowFailException(
            "前一审尚未办理,请清除重跑。 The step before is not answered: clear and run it again."
        )
    return "next_step" if card.is_answered else ""
