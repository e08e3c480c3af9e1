"""Published results, reproduced."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.scoring import Framework, score
from include.scoring.loader import parse_yaml
from include.scoring.statistics import cronbach_alpha

ROOT = Path(__file__).parents[2]
ORACLES = Path(os.environ.get("MINGJING_ORACLES", ROOT / ".." / "shared" / "oracles"))
HDI_FILE = ORACLES / "hdi2022.csv"

HDI = """
framework: hdi
version: "2022"
points: 1
rounding: {places: 3, mode: half_up}
combine: geometric
groups:
  - {code: education, combine: mean}
indicators:
  - {code: life_expectancy, rule: {kind: minmax, low: 20, high: 85}}
  - {code: exp_years_school, group: education, rule: {kind: minmax, low: 0, high: 18}}
  - {code: mean_years_school, group: education, rule: {kind: minmax, low: 0, high: 15}}
  - {code: gni_pc_2017ppp, transform: log, rule: {kind: minmax, low: 100, high: 75000}}
"""


@pytest.mark.skipif(
    not HDI_FILE.exists(), reason=f"no {HDI_FILE.name} in MINGJING_ORACLES (default ../shared/oracles)"
)
def test_the_human_development_index_2022_comes_out_for_193_of_193_countries():
    data = pd.read_csv(HDI_FILE).set_index("country")
    result = score(data, Framework.from_dict(parse_yaml(HDI, name="hdi")))
    assert len(data) == 193
    assert (result.published == data["hdi_published"]).sum() == 193
    assert result.ranks["Switzerland"] == 1


@pytest.fixture(scope="module")
def tai():
    return json.loads((Path(__file__).parent / "fixtures" / "tai.json").read_text(encoding="utf-8"))


GOALPOSTS = {
    "patents": (0, 994),
    "royalties": (0, 272.6),
    "internet": (0, 232.4),
    "exports": (0, 80.8),
    "telephones": (0, float(np.log10(901))),
    "electricity": (float(np.log10(22)), float(np.log10(6969))),
    "schooling": (0.8, 12),
    "university": (0.1, 27.4),
}


def _tai_framework(shares, rule=None, **keys):
    indicators = [
        {"code": code, "weight": weight, "rule": rule or {"kind": "minmax", "low": low, "high": high}}
        for (code, (low, high)), weight in zip(GOALPOSTS.items(), shares, strict=True)
    ]
    return Framework.from_dict({"framework": "tai", "version": "2001", "indicators": indicators, **keys})


def _tai_data(tai):
    return pd.DataFrame.from_dict(tai["data"], orient="index", columns=tai["indicators"])


@pytest.mark.parametrize("scheme", ["EW", "BAP"])
def test_technology_achievement_ranks_of_equal_weights_and_budget_allocation(tai, scheme):
    result = score(_tai_data(tai), _tai_framework(tai["published"]["weights"][scheme]))
    published = pd.Series(tai["published"]["table23_ranks"][scheme])
    assert (result.ranks == published.reindex(result.ranks.index)).sum() == 23


def test_technology_achievement_alpha(tai):
    scores = score(_tai_data(tai), _tai_framework([1.0] * 8, "zscore")).normalised
    assert f"{cronbach_alpha(scores):.3f}" == "0.704"
    without = [cronbach_alpha(scores.drop(columns=code)) for code in GOALPOSTS]
    # The Handbook's own data are rounded to one decimal: two of its eight figures differ by 0.0014.
    assert without == pytest.approx(tai["published"]["alpha_if_deleted"], abs=1.5e-3)


def test_technology_achievement_weights_by_rotated_principal_components(tai):
    framework = _tai_framework([1.0] * 8, "zscore", combine="mean", weights={"kind": "pca", "factors": 4})
    weights = score(_tai_data(tai), framework).weights.set_index("child")["weight"]
    published = dict(zip(tai["indicators"], tai["published"]["weights"]["PC"], strict=True))
    assert weights.to_dict() == pytest.approx(published, abs=0.0052)


# Shikou township 石口乡: total, classes and the three lowest dimensions as printed; five dimensions and the
# eight full scores are ours, so that the sum is the printed one.
DIMENSIONS = {
    "political_stance": (5.0, 3.83),
    "duty_performance": (5.0, 3.69),
    "power_restraint": (5.0, 3.50),
    "discipline": (5.0, 3.695),
    "selection_of_cadres": (5.0, 3.80),
    "conduct": (5.0, 3.80),
    "clean_government": (5.0, 3.80),
    "public_satisfaction": (5.0, 3.805),
}
TITLES = {
    "power_restraint": "权力运行约束度",
    "duty_performance": "政治责任落实度",
    "discipline": "纪律规矩严明度",
}
SHIKOU = {
    "framework": "shikou",
    "version": "2020",
    "title": {"zh": "清廉指数", "en": "Integrity index"},
    "points": 100,
    "rounding": {"places": 2, "mode": "half_up"},
    "groups": [
        {"code": "common", "points": 40, "title": {"zh": "共性评价"}},
        {"code": "data", "points": 30, "title": {"zh": "数据量化"}},
        {"code": "survey", "points": 30, "title": {"zh": "社会民调"}},
        *({"code": code, "parent": "common", "title": {"zh": TITLES.get(code, code)}} for code in DIMENSIONS),
    ],
    "indicators": [
        *(
            {"code": f"{code}.rated", "group": code, "points": full, "rule": "given"}
            for code, (full, _) in DIMENSIONS.items()
        ),
        {"code": "data.given", "group": "data", "points": 30, "rule": "given"},
        {"code": "survey.given", "group": "survey", "points": 30, "rule": "given"},
    ],
    "warnings": [
        {
            "code": "low_total",
            "on": "index",
            "when": "rate < 0.82",
            "colour": "yellow",
            "title": {"zh": "总体偏低"},
        },
        {"code": "low_class", "on": "groups.depth1", "when": "rate < 0.76", "colour": "yellow"},
    ],
}


def test_shikou_comes_out_as_printed_and_is_caught():
    values = {f"{code}.rated": given for code, (_, given) in DIMENSIONS.items()}
    values |= {"data.given": 22.6, "survey.given": 27.5}
    result = score(pd.DataFrame([values], index=["石口乡"]), Framework.from_dict(SHIKOU))
    points, rates = result.group_points.loc["石口乡"], result.group_rates.loc["石口乡"]
    assert points[["common", "data", "survey"]].tolist() == [29.92, 22.6, 27.5]
    assert (rates[["common", "data"]] * 100).round(1).tolist() == [74.8, 75.3]
    assert result.index.tolist() == result.published.tolist() == [80.02]
    lowest = rates[list(DIMENSIONS)].sort_values().head(3)
    assert [TITLES[code] for code in lowest.index] == ["权力运行约束度", "政治责任落实度", "纪律规矩严明度"]
    assert (lowest * 100).round(1).tolist() == [70.0, 73.8, 73.9]
    raised = result.warnings[["rule", "on"]].to_records(index=False).tolist()
    assert raised == [("low_total", "index"), ("low_class", "groups.common"), ("low_class", "groups.data")]
    assert result.colours["石口乡"] == "yellow"
    evidence = json.loads(result.warnings["evidence"].iloc[0])
    figures = {"index": 80.02, "rate": 0.8002, "raw_points": 80.02, "attainable": 100.0}
    assert evidence == {**figures, "when": "rate < 0.82"}
