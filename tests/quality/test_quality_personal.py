"""Personal data in columns that are declared free of it; clean columns that only look alike."""

from __future__ import annotations

import random

import duckdb
import pytest

from include.feeds.contract import Contract
from include.quality.personal import find_personal

SURNAMES, GIVEN = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗",
    "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀兰霞平刚桂英华",
)


def identity(random_):
    region = random_.choice(["110101", "410522", "141126", "330106"])
    body = f"{region}{random_.randint(1950, 2005)}{random_.randint(1, 12):02}{random_.randint(1, 28):02}"
    body += f"{random_.randint(0, 999):03}"
    weights = [2 ** (17 - at) % 11 for at in range(17)]
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def mobile(random_):
    return random_.choice(["138", "159", "177", "186", "199"]) + f"{random_.randint(0, 99_999_999):08}"


def card(random_):
    body = [6, 2, *(random_.randint(0, 9) for _ in range(16))]
    doubled = [d * 2 - 9 * (d > 4) if at % 2 == 0 else d for at, d in enumerate(reversed(body))]
    return "".join(map(str, body)) + str(-sum(doubled) % 10)


def person(random_):
    return random_.choice(SURNAMES) + "".join(random_.sample(GIVEN, random_.choice([1, 2])))


@pytest.fixture
def look(tmp_path):
    def find(values):
        path = tmp_path / "notes.yaml"
        path.write_text(_CONTRACT, encoding="utf-8")
        con = duckdb.connect()
        con.execute("create table cells (_delivery bigint, _sheet varchar, _row integer, note__text varchar)")
        con.executemany("insert into cells values (0, '', ?, ?)", list(enumerate(values, 2)))
        found = find_personal(con, Contract.from_yaml(path)).get(0)
        return (found.kind_en, found.row) if found else None

    return find


_CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: notes
name: 记录
version: 1.0.0
status: active
description: {purpose: A test.}
schema:
  - name: notes
    dataGranularityDescription: One row each.
    properties:
      - {name: unit, businessName: 单位, logicalType: string, required: true}
      - {name: note, businessName: 备注, logicalType: string}
slaProperties: [{property: deadline_days, value: 15, unit: d}]
customProperties:
  - {property: title_en, value: Notes}
  - {property: suppliers, value: [office]}
  - {property: files, value: [csv]}
  - {property: time, value: {kind: register, delivery: replace}}
  - {property: unit, value: {column: unit}}
"""
CLEAN = ["已办结", "转办至县水利局", "", "同意", "资金 1200.50 元"] * 20


def test_one_identity_number_in_a_hundred_rows_is_found(look):
    assert look([*CLEAN, f"反映人{identity(random.Random(1))}来访"]) == ("identity numbers", 102)


@pytest.mark.parametrize("seed", range(20))
def test_identity_numbers_with_spaces_or_a_small_x_are_found(look, seed):
    number = identity(random.Random(seed))
    assert look([f"{number[:6]} {number[6:14]} {number[14:]}"]) and look([number.lower()])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("来电 13812345678 反映占地", "mobile numbers"),
        ("张三 15912345678", "mobile numbers"),
        ("联系电话:0372-6212345", "phone numbers"),
        ("联系人:张伟,已办结", "names"),
        ("姓名：欧阳明华", "names"),
        ("身份证号:410522530307123", "numbers of documents or cards"),
        ("补贴已打入银行卡6222021234567890123", "numbers of documents or cards"),
    ],
)
def test_what_stands_in_a_text_is_found_once(look, text, kind):
    assert look([*CLEAN, text]) == (kind, 102)


@pytest.mark.parametrize(
    ("make", "kind"), [(mobile, "mobile numbers"), (card, "bank cards"), (person, "names")]
)
def test_a_column_of_them_is_found(look, make, kind):
    chance = random.Random(7)
    assert look([make(chance) for _ in range(40)])[0] == kind


@pytest.mark.parametrize(
    "values",
    [
        [f"1411262026{number:05}" for number in range(40)],
        [f"15042200{number:03}" for number in range(40)],
        [f"13012600{number:03}" for number in range(40)],
        [f"0372-2026{number:03}" for number in range(40)],
        [f"XF{13800000000 + number}" for number in range(40)],
        [f"工单编号{13800000000 + number}" for number in range(40)],
        [f"13800{number:06}.50" for number in range(40)],
        ["91410522MA40ABCD1X", "12410522416123456X", "91110000100001234Q"],
        [f"620102202603{number:06}" for number in range(40)],
        ["联系人:县信访局", "信访人:略", "姓名:张某某", "举报人要求公开", "电话回访满意", "卡号略"],
        ["王庄村", "李家沟", "张集镇", "马坡店", "高庙村", "白壁镇", "石桥", "江口", "林场", "方山县"] * 5,
        ["来信", "来访", "网上", "电话", "金额", "时间", "高", "低", "未办", "任务", "党风", "安全"] * 5,
    ],
)  # fmt: skip
def test_what_only_looks_alike_is_not_held(look, values):
    assert look(values) is None


def test_random_serial_numbers_are_hardly_ever_taken_for_people(look):
    """A thousand clean columns of ten numbers: none held (the bar is one in a thousand)."""
    chance = random.Random(11)
    held = 0
    for size in (11, 15, 16, 18, 19):
        for _ in range(40):
            values = [str(chance.randint(10 ** (size - 1), 10**size - 1)) for _ in range(10)]
            held += look(values) is not None
    assert held == 0
