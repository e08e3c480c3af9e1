"""Why each unit has its colour and what would turn it green, as the tables that a release is published with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from include.documents.reason_words import change_words, otherwise_words, reason_words, titles_of
from include.scoring import Framework, ScoreResult
from include.scoring.causes import Cause, causes_of
from include.scoring.improve import Counted
from include.scoring.losses import shares_of_rows
from include.scoring.model_parts import Text
from include.scoring.reasons import NO_NUMBER, Reason, band_colours, reasons_of, smallest_change, worst
from include.scoring.states import STATE_NAMES
from include.scoring.warn import figure_name
from include.warehouse.tables import fct_colour_reason, fct_unit_colour

_NUMBERS = (
    "points_lacking",
    "index_points_lacking",
    "numerator",
    "denominator",
    "numerator_needed",
    "value_needed",
)


def colour_frames(
    result: ScoreResult, framework: Framework, measures: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Lay out the frames `fct_unit_colour` and `fct_colour_reason`.

    Args:
        result: the scores.
        framework: what they were scored by.
        measures: unit_code, measure, key, numerator, denominator, state of all feeds.
    """
    causes = causes_of(result, framework)
    shares = shares_of_rows(result, framework)
    reasons = reasons_of(result, framework, causes, _counted(causes, framework, measures), shares)
    bands, titles = band_colours(result, framework), titles_of(framework)
    rows = [
        _row(unit, one, reason_words(one, titles, result.full))
        for unit, found in reasons.items()
        for one in found
    ]
    otherwise, held = framework.colours.otherwise, set(result.bands["unit"])
    if otherwise != "green":
        rows += [_otherwise(unit, otherwise) for unit, one in bands.items() if one and unit not in held]
    units = [
        {
            "unit_code": unit,
            "band_colour": colour,
            "warning_colour": worst(one.colour for one in causes.get(unit, ()) if one.kind == "warning"),
            "veto_colour": worst(one.colour for one in causes.get(unit, ()) if one.kind == "veto"),
            **_change(
                own := reasons.get(unit, []),
                smallest_change(unit, own, result, framework, shares),
                titles,
                result.full,
            ),
        }
        for unit, colour in bands.items()
    ]
    return {
        table.name: pd.DataFrame(
            found,
            columns=[one.name for one in table.columns if one.name not in ("release_id", "jurisdiction")],
        )
        for table, found in ((fct_unit_colour, units), (fct_colour_reason, rows))
    }


def _counted(
    causes: Mapping[str, Sequence[Cause]], framework: Framework, measures: pd.DataFrame
) -> dict[tuple[str, str], Counted]:
    """Numerator and denominator by unit and column of `values`, of the measures whose value is a cause."""
    columns = {one.code: one.measure or one.code for one in framework.indicators}
    wanted = {
        columns[one.target.partition(".")[2]]
        for found in causes.values()
        for one in found
        if one.gap is not None and one.gap.value is not None
    }
    own = measures[measures["measure"].isin(wanted) & measures["unit_code"].isin(list(causes))]
    own = own[(own["key"] == "") & (own["state"] == "value")]
    return {
        (row["unit_code"], row["measure"]): Counted(
            float(row["numerator"]), None if pd.isna(row["denominator"]) else float(row["denominator"])
        )
        for row in own.to_dict("records")
    }


def _numbers(reason: Reason | None) -> dict[str, float | None]:
    counted = reason.counted if reason is not None else None
    found = (
        (None,) * len(_NUMBERS)
        if reason is None
        else (
            reason.points_lacking,
            reason.index_points_lacking,
            counted.numerator if counted else None,
            counted.denominator if counted else None,
            reason.numerator_needed,
            reason.value_needed,
        )
    )
    return dict(zip(_NUMBERS, found, strict=True))


def _change(
    reasons: Sequence[Reason], found: Reason | None, titles: dict[str, Text], full: float
) -> dict[str, Any]:
    """What turns a unit green, where it is one number; else why it is not."""
    if not reasons:
        return {
            **dict.fromkeys(("remedy", "target", "sentence_zh", "sentence_en"), ""),
            **_numbers(None),
        }
    remedies = {one.remedy for one in reasons}
    remedy = found.remedy if found else next((one for one in NO_NUMBER if one in remedies), "several")
    words = change_words(found, remedy, len(reasons), titles, full)
    return {
        "remedy": remedy,
        "target": found.cause.target if found else "",
        **_numbers(found),
        "sentence_zh": words.zh,
        "sentence_en": words.english,
    }


def _row(unit: str, reason: Reason, sentence: Text) -> dict[str, Any]:
    cause = reason.cause
    compared = cause.gap.comparison if cause.gap is not None else cause.when.comparisons[0]
    of_state = compared.term.name == "state"
    return {
        "unit_code": unit,
        "kind": cause.kind,
        "rule_code": cause.code,
        "target": cause.target,
        "colour": cause.colour,
        "term": str(compared.term),
        "figure": None if of_state else cause.figures.get(figure_name(compared.term, cause.target)),
        "operator": compared.operator,
        "threshold": None if of_state else compared.operand,
        "threshold_state": STATE_NAMES[int(compared.operand)] if of_state else "",
        "remedy": reason.remedy,
        **_numbers(reason),
        "sentence_zh": sentence.zh,
        "sentence_en": sentence.english,
    }


def _otherwise(unit: str, colour: str) -> dict[str, Any]:
    words = otherwise_words(colour)
    return {
        "unit_code": unit,
        "kind": "band",
        "rule_code": "otherwise",
        "target": "index",
        "colour": colour,
        **dict.fromkeys(("term", "operator", "threshold_state"), ""),
        **dict.fromkeys(("figure", "threshold")),
        "remedy": "see_rule",
        **_numbers(None),
        "sentence_zh": words.zh,
        "sentence_en": words.english,
    }
