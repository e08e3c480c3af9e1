"""Why: of each colour what gives it and would undo it, of each figure that is not there why, as a release stores it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from include.pipeline.colour_reasons import colour_frames
from include.pipeline.inputs import QuarterInputs
from include.pipeline.state_reasons import Feeds, state_frame
from include.scoring import ScoreResult
from include.scoring.moves import ScoreInputs


def reason_frames(
    result: ScoreResult,
    facts: Mapping[str, pd.DataFrame],
    scored: ScoreInputs,
    measures: pd.DataFrame,
    inputs: QuarterInputs,
    previous: ScoreResult | None,
) -> dict[str, pd.DataFrame]:
    """Lay out one quarter's reasons as the frames of `ReleaseDraft.reasons`.

    Args:
        result: the scores.
        facts: the same as `fact_frames` lays them out.
        scored: what they were made from.
        measures: rows of `run_measures` of all feeds.
        inputs: what the quarter rests on.
        previous: the quarter before, that changes are measured from; None where there is none.
    """
    feeds = Feeds(inputs.absent_feeds, {name: feed.arrived for name, feed in inputs.feeds.items()})
    return {
        **colour_frames(result, scored.framework, measures),
        "fct_state_reason": state_frame(result, facts, scored, feeds, previous),
    }
