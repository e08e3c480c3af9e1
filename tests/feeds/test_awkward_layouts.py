"""Layouts by declaration: each a few lines, every row with its address, no row lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.config import ConfigError
from include.feeds.contract import Contract
from include.feeds.faults import Held
from include.feeds.read import read_delivery


def read(data, contract, name="a.xlsx"):
    """Read, and check that every row of every part is data or structural, once."""
    table = read_delivery(data, file_name=name, contract=contract)
    assert table.landed == table.table.num_rows + table.structural.num_rows
    rows = [*zip(table.table["_sheet"].to_pylist(), table.table["_row"].to_pylist(), strict=True)]
    rows += zip(table.structural["sheet"].to_pylist(), table.structural["row"].to_pylist(), strict=True)
    assert len(set(rows)) == table.landed
    return table


def held(data, contract):
    with pytest.raises(Held) as caught:
        read_delivery(data, file_name="a.xlsx", contract=contract)
    return caught.value.fault


def roles(table, sheet="台账"):
    lines = table.structural.to_pylist()
    return {line["row"]: line["role"] for line in lines if line["sheet"] == sheet}


def rows(table, *columns):
    return [tuple(row.values()) for row in table.table.select(columns).to_pylist()]


HEAD = ["单位", "件数"]
ITEMS = ["单位", "项目", "金额"]


class TestDeepHeaders:
    @pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
    def test_header_of_one_to_five_rows_with_merges(self, contract_of, xlsx_of, depth):
        levels = [["单位", *[f"第{level}层"] * 2] for level in range(1, depth)]
        head = [[None, *[level[1]], None] for level in levels] + [[None, "收", "结"]]
        head[0][0] = "单位"
        merges = [f"B{level}:C{level}" for level in range(1, depth)] + ([f"A1:A{depth}"] if depth > 1 else [])
        upper = "|".join(level[1] for level in levels)
        contract = contract_of(
            layout={"header_rows": depth},
            unit=("单位",),
            received=(f"{upper}|收".lstrip("|"),),
            closed=(f"{upper}|结".lstrip("|"),),
        )
        table = read(xlsx_of([*head, ["甲", 1, 2]], merges=merges), contract)
        assert rows(table, "_row", "unit", "received", "closed") == [(depth + 1, "甲", "1", "2")]
        assert set(roles(table).values()) == {"header"} and len(roles(table)) == depth

    def test_numbering_rows_below_the_header(self, contract_of, xlsx_of):
        sheet = [HEAD, ["甲", "1"], ["栏次", "(2)=3+4"], ["甲局", 1]]
        plain = contract_of(unit=("单位",), cases=("件数",))
        declared = contract_of(layout={"numbering": True}, unit=("单位",), cases=("件数",))
        assert read(xlsx_of(sheet), plain).table.num_rows == 3, "undeclared they are rows, to be refused"
        table = read(xlsx_of(sheet), declared)
        assert roles(table) == {1: "header", 2: "header", 3: "header"}
        assert rows(table, "_row", "unit") == [(4, "甲局")]

    def test_numbering_that_is_not_there_costs_no_row(self, contract_of, xlsx_of):
        contract = contract_of(layout={"numbering": True}, unit=("单位",), cases=("件数",))
        assert read(xlsx_of([HEAD, ["甲局", 1], ["乙局", 2]]), contract).table.num_rows == 2


class TestStacked:
    @pytest.fixture
    def contract(self, contract_of):
        return contract_of(layout={"stacked": True}, unit=("单位",), cases=("件数",))

    def test_continuation_with_titles_between(self, contract, xlsx_of):
        sheet = [
            ["信访办理情况表"], HEAD, ["甲", 1], ["注：一"],
            [], ["信访办理情况表(续)"], ["单位：件"], HEAD, ["乙", 2],
        ]  # fmt: skip
        table = read(xlsx_of(sheet), contract)
        assert rows(table, "_sheet", "_row", "unit") == [("台账", 3, "甲"), ("台账", 9, "乙")]
        assert roles(table) == {
            1: "title", 2: "header", 4: "note", 5: "blank", 6: "title", 7: "title", 8: "header",
        }  # fmt: skip

    def test_continuation_with_columns_in_other_places(self, contract, xlsx_of):
        table = read(xlsx_of([HEAD, ["甲", 1], ["续表"], [None, "件数", "单位"], [None, 2, "乙"]]), contract)
        assert rows(table, "_sheet", "_row", "unit", "cases") == [
            ("台账", 2, "甲", "1"),
            ("台账[3:5]", 5, "乙", "2"),
        ]
        assert table.address("cases", sheet="台账[3:5]", row=5) == "B5"

    def test_a_faulty_row_above_a_repeated_header_stays_a_row(self, contract, xlsx_of):
        table = read(xlsx_of([HEAD, ["甲", 1], ["乙局", None], HEAD, ["丙", 3]]), contract)
        assert rows(table, "_row", "unit", "cases") == [(2, "甲", "1"), (3, "乙局", None), (5, "丙", "3")]

    def test_two_row_header_again(self, contract_of, xlsx_of):
        contract = contract_of(
            layout={"stacked": True, "header_rows": 2}, unit=("单位",), got=("件数|收",), done=("件数|结",)
        )
        head = [["单位", "件数", None], [None, "收", "结"]]
        sheet = [*head, ["甲", 1, 2], ["续表"], *head, ["乙", 3, 4]]
        table = read(xlsx_of(sheet, merges=["A1:A2", "B1:C1", "A5:A6", "B5:C5"]), contract)
        assert rows(table, "_row", "unit", "got", "done") == [(3, "甲", "1", "2"), (7, "乙", "3", "4")]

    def test_continued_on_every_following_sheet(self, contract_of, xlsx_of):
        contract = contract_of(layout={"sheets": ["台账*"]}, unit=("单位",), cases=("件数",))
        data = xlsx_of(台账=[HEAD, ["甲", 1]], 台账续=[["续表"], HEAD, ["乙", 2]], 说明=[["填报说明"]])
        table = read(data, contract)
        assert rows(table, "_sheet", "_row", "unit") == [("台账", 2, "甲"), ("台账续", 3, "乙")]
        assert [warning.code for warning in table.warnings] == ["W-EXTRASHEET"]

    def test_all_visible_sheets_but_for_empty_ones(self, contract_of, xlsx_of):
        contract = contract_of(layout={"sheets": ["*"]}, unit=("单位",), cases=("件数",))
        assert read(xlsx_of(一=[HEAD, ["甲", 1]], Sheet2=[]), contract).table.num_rows == 1

    def test_no_sheet_of_that_name(self, contract_of, xlsx_of):
        contract = contract_of(layout={"sheets": ["月报*"]}, unit=("单位",), cases=("件数",))
        assert held(xlsx_of(一=[HEAD, ["甲", 1]]), contract).code == "F-SHEET"


class TestBeside:
    def test_same_columns_again_to_the_right(self, contract_of, xlsx_of):
        contract = contract_of(layout={"beside": "same"}, unit=("单位",), cases=("件数",))
        sheet = [
            ["表一", None, None, None, "表一(续)"],
            ["序号", *HEAD, None, "序号", *HEAD],
            [1, "甲", 10, None, 3, "丙", 30],
            [2, "乙", 20, None, None, None, None],
        ]
        table = read(xlsx_of(sheet), contract)
        assert rows(table, "_sheet", "_row", "unit", "cases") == [
            ("台账[A:D]", 3, "甲", "10"),
            ("台账[A:D]", 4, "乙", "20"),
            ("台账[E:G]", 3, "丙", "30"),
        ]
        assert table.landed == 8, "four rows of the sheet, two tables"
        assert roles(table, "台账[E:G]") == {1: "title", 2: "header", 4: "blank"}
        assert table.address("cases", sheet="台账[E:G]", row=3) == "G3"

    def test_one_block_where_several_are_allowed(self, contract_of, xlsx_of):
        contract = contract_of(layout={"beside": "same"}, unit=("单位",), cases=("件数",))
        assert rows(read(xlsx_of([HEAD, ["甲", 1]]), contract), "_sheet", "_row") == [("台账", 2)]

    def test_several_blocks_where_none_is_declared_hold_the_file(self, contract_of, xlsx_of):
        contract = contract_of(unit=("单位",), cases=("件数",))
        assert held(xlsx_of([[*HEAD, *HEAD], ["甲", 1, "乙", 2]]), contract).code == "F-HDR"

    def test_other_tables_to_the_right_are_not_read(self, contract_of, xlsx_of):
        sheet = [
            [*HEAD, None, "单位", "编制"],
            ["甲", 1, None, "甲", 20],
            [None, None, None, "乙", 30],
            ["乙", 2, None, None, None],
        ]
        contract = contract_of(layout={"beside": "other"}, unit=("单位",), cases=("件数",))
        table = read(xlsx_of(sheet), contract)
        assert rows(table, "_sheet", "_row", "unit", "cases") == [
            ("台账", 2, "甲", "1"),
            ("台账", 4, "乙", "2"),
        ]
        assert roles(table) == {1: "header", 3: "blank"}
        assert table.extra_headers == ()

    def test_side_by_side_in_a_text_file(self, contract_of):
        contract = contract_of(layout={"beside": "same"}, unit=("单位",), cases=("件数",))
        table = read("单位,件数,单位,件数\n甲,1,乙,2\n".encode(), contract, "a.csv")
        assert rows(table, "_sheet", "_row", "unit") == [("[A:B]", 2, "甲"), ("[C:D]", 2, "乙")]
        assert table.address("cases", sheet="[C:D]", row=2) == "D2"

    def test_side_by_side_and_stacked(self, contract_of, xlsx_of):
        contract = contract_of(layout={"beside": "same", "stacked": True}, unit=("单位",), cases=("件数",))
        sheet = [[*HEAD, *HEAD], ["甲", 1, "乙", 2], ["续表"], [*HEAD, *HEAD], ["丙", 3, "丁", 4]]
        table = read(xlsx_of(sheet), contract)
        assert rows(table, "_sheet", "_row", "unit") == [
            ("台账[A:B]", 2, "甲"), ("台账[A:B]", 5, "丙"), ("台账[C:D]", 2, "乙"), ("台账[C:D]", 5, "丁"),
        ]  # fmt: skip
        assert table.landed == 10


class TestTransposed:
    def test_units_in_columns(self, contract_of, xlsx_of):
        contract = contract_of(
            files=("xlsx",), layout={"transposed": True}, unit=("指标",), cases=("件数",), late=("逾期",)
        )
        sheet = [["信访情况", None, None], ["指标", "甲局", "乙局"], ["件数", 1, 2], ["逾期", 0, None]]
        table = read(xlsx_of(sheet, merges=["A1:C1"]), contract)
        assert rows(table, "_row", "unit", "cases", "late") == [(2, "甲局", "1", "0"), (3, "乙局", "2", None)]
        assert table.address("cases", sheet="台账", row=3) == "R3C3"

    def test_is_for_workbooks(self, contract_of):
        with pytest.raises(ConfigError, match="transposed"):
            checked(contract_of(layout={"transposed": True}, unit=("单位",), cases=("件数",)))


class TestBanners:
    @pytest.fixture
    def contract(self, contract_of):
        category = {"headers": ["类别"], "required": True}
        return contract_of(layout={"banner": "category"}, unit=("单位",), cases=("件数",), category=category)

    def test_a_category_fills_the_rows_below(self, contract, xlsx_of):
        sheet = [
            HEAD, ["一、乡镇"], ["甲", 1], ["乙", 2], ["小计", 3], ["二、部门", None], ["丙", 3], ["注：x"],
        ]  # fmt: skip
        table = read(xlsx_of(sheet, merges=["A2:B2"]), contract)
        assert rows(table, "_row", "unit", "category") == [
            (3, "甲", "一、乡镇"),
            (4, "乙", "一、乡镇"),
            (7, "丙", "二、部门"),
        ]
        assert roles(table) == {1: "header", 2: "banner", 5: "total", 6: "banner", 8: "note"}
        assert table.table["category__kind"].to_pylist() == [1, 1, 1]

    def test_a_row_above_the_first_banner_has_no_category(self, contract, xlsx_of):
        table = read(xlsx_of([HEAD, ["甲", 1], ["二、部门"], ["丙", 3]]), contract)
        assert table.table["category"].to_pylist() == [None, "二、部门"]
        assert table.table["category__kind"].to_pylist() == [0, 1]

    def test_a_lone_number_is_no_banner(self, contract, xlsx_of):
        assert read(xlsx_of([HEAD, [None, 5]]), contract).table.num_rows == 1

    def test_undeclared_a_banner_is_a_row_and_refused_later(self, unit_count, xlsx_of):
        assert read(xlsx_of([HEAD, ["一、乡镇"], ["甲", 1]]), unit_count).table.num_rows == 2


class TestWhereItEnds:
    def test_rows_of_another_table_below(self, contract_of, xlsx_of):
        contract = contract_of(layout={"ends": ["附表"]}, unit=("单位",), cases=("件数",))
        table = read(xlsx_of([HEAD, ["甲", 1], ["附表 编制"], ["甲", 20]]), contract)
        assert roles(table) == {1: "header", 3: "other", 4: "other"}
        assert table.table.num_rows == 1


class TestTotals:
    def money(self, contract_of, **layout):
        return contract_of(
            layout=layout,
            unit=("单位",),
            item={"headers": ["项目"], "required": True},
            amount={"headers": ["金额"], "type": "number"},
        )

    def differences(self, table):
        return [(w.cell, w.zh) for w in table.warnings if w.code == "W-TOTAL"]

    def test_totals_in_other_columns_and_spaced(self, contract_of, xlsx_of):
        sheet = [
            ITEMS, ["甲", "a", 1], [None, "合　计", 1], ["本页合计", None, 1], ["（合计）", None, 1],
        ]  # fmt: skip
        contract = self.money(contract_of, totals=["合计", "本页合计", "(合计)"])
        table = read(xlsx_of(sheet), contract)
        assert roles(table) == {1: "header", 3: "total", 4: "total", 5: "total"}
        assert table.totals["_word"].to_pylist() == ["合 计", "本页合计", "(合计)"]

    def test_a_total_that_lacks_nothing_only_where_declared(self, contract_of, xlsx_of):
        sheet = [ITEMS, ["甲", "a", 1], ["甲", "小计", 1], ["乙", "b", 2]]
        assert read(xlsx_of(sheet), self.money(contract_of)).table.num_rows == 3
        table = read(xlsx_of(sheet), self.money(contract_of, totals_in=["item"]))
        assert roles(table) == {1: "header", 3: "total"}
        assert self.differences(table) == []

    def test_subtotals_and_totals_that_agree(self, contract_of, xlsx_of):
        sheet = [
            ITEMS, ["甲", "a", 1.1], ["甲", "b", 2.2], ["小计", None, 3.3], ["乙", "a", "1,000"],
            ["小计", None, 1000], ["合计", None, 1003.3000000000001], ["总计", None, 1003.3],
        ]  # fmt: skip
        assert self.differences(read(xlsx_of(sheet), self.money(contract_of))) == []

    def test_a_difference_names_cell_expected_and_found(self, contract_of, xlsx_of):
        sheet = [ITEMS, ["甲", "a", 1], ["乙", "b", 2], ["合计", None, 4]]
        ((cell, text),) = self.differences(read(xlsx_of(sheet), self.money(contract_of)))
        assert cell == "C4"
        assert "[台账]" in text and "合计为 [4]" in text and "相加为 [3]" in text and "相差 [1]" in text

    def test_a_difference_holds_the_file_where_declared(self, contract_of, xlsx_of):
        sheet = [ITEMS, ["甲", "a", 1], ["乙", "b", 2], ["小计", None, 4], ["合计", None, 5]]
        fault = held(xlsx_of(sheet), self.money(contract_of, totals_differ="hold"))
        assert fault.code == "H-TOTAL" and "[2] 处" in fault.zh and fault.cell == "C4"

    def test_rounding_by_declaration(self, contract_of, xlsx_of):
        sheet = [ITEMS, ["甲", "a", 1.234], ["乙", "b", 2.342], ["合计", None, 3.58]]
        assert len(self.differences(read(xlsx_of(sheet), self.money(contract_of)))) == 1
        assert self.differences(read(xlsx_of(sheet), self.money(contract_of, totals_within="0.005"))) == []

    def test_totals_above_their_rows(self, contract_of, xlsx_of):
        sheet = [
            ITEMS, ["总计", None, 6], ["小计", None, 3], ["甲", "a", 1], ["甲", "b", 2],
            ["小计", None, 3], ["乙", "a", 3],
        ]  # fmt: skip
        assert self.differences(read(xlsx_of(sheet), self.money(contract_of))) == []
        sheet[2][2] = 2
        assert [cell for cell, _ in self.differences(read(xlsx_of(sheet), self.money(contract_of)))] == ["C3"]

    def test_page_totals(self, contract_of, xlsx_of):
        sheet = [
            ITEMS, ["甲", "a", 1], ["本页合计", None, 1], ITEMS, ["乙", "b", 2], ["本页合计", None, 2],
            ["合计", None, 3],
        ]  # fmt: skip
        contract = self.money(contract_of, stacked=True)
        assert self.differences(read(xlsx_of(sheet), contract)) == []

    def test_a_total_of_all_sheets_on_the_last(self, contract_of, xlsx_of):
        contract = self.money(contract_of, sheets=["*"])
        one, two = [ITEMS, ["甲", "a", 1]], [ITEMS, ["乙", "b", 2], ["合计", None, 3]]
        assert self.differences(read(xlsx_of(一=one, 二=two), contract)) == []

    def test_blank_totals_and_shares_are_not_compared(self, contract_of, xlsx_of):
        contract = contract_of(
            unit=("单位",),
            cases={"headers": ["件数"], "type": "integer"},
            share={"headers": ["比例"], "type": "number", "unit": "百分比"},
        )
        sheet = [["单位", "件数", "比例"], ["甲", 1, 50], ["乙", 1, 70], ["合计", None, 60]]
        assert self.differences(read(xlsx_of(sheet), contract)) == []

    def test_nothing_is_said_of_a_sum_over_a_cell_that_is_no_number(self, contract_of, xlsx_of):
        sheet = [ITEMS, ["甲", "a", "约1"], ["合计", None, 3]]
        assert self.differences(read(xlsx_of(sheet), self.money(contract_of))) == []

    def test_no_value_adds_nothing(self, contract_of, xlsx_of):
        sheet = [ITEMS, ["甲", "a", "-"], ["乙", "b", None], ["丙", "c", 2], ["合计", None, 2]]
        assert self.differences(read(xlsx_of(sheet), self.money(contract_of))) == []

    def test_many_differences_are_counted(self, contract_of, xlsx_of):
        sheet = [ITEMS]
        for _ in range(25):
            sheet += [["甲", "a", 1], ["小计", None, 2]]
        warnings = read(xlsx_of(sheet), self.money(contract_of)).warnings
        assert [w.code for w in warnings] == ["W-TOTAL"] * 20 + ["W-TOTALS"]
        assert "[5]" in warnings[-1].zh

    @settings(max_examples=40, deadline=None)
    @given(
        groups=st.lists(
            st.lists(st.decimals(-1000, 1000, places=2), min_size=1, max_size=4), min_size=1, max_size=4
        ),
        wrong=st.one_of(st.none(), st.integers(0, 30)),
    )
    def test_exactly_the_wrong_totals_are_found(self, contract_of, groups, wrong):
        lines, totals = ["单位,项目,金额"], []
        for group in groups:
            lines += [f"甲,a,{value}" for value in group]
            totals.append(len(lines))
            lines.append(f"小计,,{sum(group)}")
        totals.append(len(lines))
        lines.append(f"合计,,{sum(map(sum, groups))}")
        spoiled = totals[wrong % len(totals)] if wrong is not None else None
        if spoiled is not None:
            lines[spoiled] += "1" if "." in lines[spoiled] else ".01"
        data = ("\n".join(lines) + "\n").encode()
        table = read(data, self.money(contract_of), "a.csv")
        expected = [f"第 {spoiled + 1} 行 金额"] if spoiled is not None else []
        assert [cell for cell, _ in self.differences(table)] == expected


class TestCornerUnit:
    def money(self, contract_of, unit="万元", **layout):
        return contract_of(
            layout=layout, unit=("单位",), amount={"headers": ["金额"], "type": "number", "unit": unit}
        )

    def sheet(self, corner, *values):
        return [["决算表", None], [None, corner], ["单位", "金额"], *(["甲", value] for value in values)]

    @pytest.mark.parametrize(
        "corner", ["单位：万元", "（金额单位:万元）", "单位:万元、人", "填报单位：甲局", "单位：人", None]
    )
    def test_the_unit_of_the_contract_or_none_passes(self, contract_of, xlsx_of, corner):
        table = read(xlsx_of(self.sheet(corner, 1.5)), self.money(contract_of))
        assert table.table["amount"].to_pylist() == ["1.5"] and not table.warnings

    @pytest.mark.parametrize("corner", ["单位：元", "单 位：千元", "计量单位：亿元", "单位：元、万元"])
    def test_another_unit_holds_the_file(self, contract_of, xlsx_of, corner):
        fault = held(xlsx_of(self.sheet(corner, 1.5)), self.money(contract_of))
        assert (fault.code, fault.cell) == ("F-UNIT", "B2")
        assert "数据契约约定 [万元]" in fault.zh

    def test_it_decides_where_declared_and_is_told(self, contract_of, xlsx_of):
        data = xlsx_of(self.sheet("单位：元", 12345.6, -5, "1,000", "-", None, "约3"))
        table = read(data, self.money(contract_of, corner_unit="convert"))
        assert table.table["amount"].to_pylist() == ["1.23456", "-0.0005", "0.1", "-", None, "约3"]
        assert table.table["amount__raw"].to_pylist() == ["12345.6", "-5", "1,000", None, None, None]
        assert [w.code for w in table.warnings] == ["W-UNIT"]

    def test_a_small_figure_that_the_sheet_writes_with_an_exponent_is_converted_too(
        self, contract_of, xlsx_of
    ):
        table = read(
            xlsx_of(self.sheet("单位：亿元", 0.00005)), self.money(contract_of, corner_unit="convert")
        )
        assert table.table["amount"].to_pylist() == ["0.5"]

    @pytest.mark.parametrize(
        ("corner", "unit", "found"),
        [("亿元", "元", "150000000"), ("千元", "万元", "0.15"), ("万元", "元", "15000")],
    )
    def test_conversion_is_exact(self, contract_of, xlsx_of, corner, unit, found):
        data = xlsx_of(self.sheet(f"单位：{corner}", 1.5))
        assert read(data, self.money(contract_of, unit, corner_unit="convert")).table[
            "amount"
        ].to_pylist() == [found]

    def test_none_where_it_is_to_decide_holds_the_file(self, contract_of, xlsx_of):
        contract = self.money(contract_of, corner_unit="convert")
        assert held(xlsx_of(self.sheet(None, 1)), contract).code == "F-UNIT"

    def test_the_totals_are_converted_with_the_rows(self, contract_of, xlsx_of):
        rows = [*self.sheet("单位：元", 10000, 20000), ["合计", 40000]]
        table = read(xlsx_of(rows), self.money(contract_of, corner_unit="convert"))
        (warning,) = [w for w in table.warnings if w.code == "W-TOTAL"]
        assert "合计为 [4]" in warning.zh and "相加为 [3]" in warning.zh

    def test_a_continuation_goes_by_the_unit_of_the_first_table(self, contract_of, xlsx_of):
        rows = [*self.sheet("单位：元", 10000), ["续表"], ["单位", "金额"], ["乙", 20000]]
        table = read(xlsx_of(rows), self.money(contract_of, corner_unit="convert", stacked=True))
        assert table.table["amount"].to_pylist() == ["1", "2"]

    def test_ignored_where_declared(self, contract_of, xlsx_of):
        contract = self.money(contract_of, corner_unit="ignore")
        assert read(xlsx_of(self.sheet("单位：元", 1)), contract).table["amount"].to_pylist() == ["1"]


def checked(contract: Contract) -> Contract:
    """What Contract.from_yaml checks across fields."""
    from include.feeds.contract import _mistakes

    if mistakes := list(_mistakes(contract)):
        raise ConfigError("contract.yaml", mistakes)
    return contract


@pytest.mark.parametrize("key", ["banner", "totals_in", "totals_of"])
def test_layout_may_name_declared_columns_only(contract_of, key):
    layout = {key: "nobody" if key == "banner" else ["nobody"]}
    with pytest.raises(ConfigError, match=rf"layout\.{key}.*nobody"):
        checked(contract_of(layout=layout, unit=("单位",), cases=("件数",)))
