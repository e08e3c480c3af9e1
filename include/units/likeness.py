"""What a steward needs to decide about an unknown name: how it differs, and whether it may be a person's."""

from __future__ import annotations

import re

# The surnames of 98 % of the population (Ministry of Public Security, national name report), and double ones.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆"
    "范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文施洪辛柯庄温樊"
    "葛牛靳翟柴宁阎傅党车霍卫苗安梅耿路焦吉景柳鲁左岳齐申冀米裴尚查曲兰甄荆聂游辜庞殷仇"
)
_DOUBLE_SURNAMES = (
    "欧阳",
    "上官",
    "司马",
    "诸葛",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "令狐",
    "慕容",
    "司徒",
    "夏侯",
)
_HAN = re.compile(r"[\u3400-\u9fff·]{2,4}")
_LONGEST_NAME = 3
# What a body is called by: its last character tells it from a person.
_BODIES = (
    "局镇乡委办院所站部处科室会团厅村社区队中心学校公司厂场馆库园店行社庭组段县市省州旗街道府法检联协总分"
)
_NUMBERS = re.compile(r"\d{5,}|\*{3}")


def differences(asked: str, matched: str) -> tuple[str, str]:
    """How `asked` differs from `matched`, in Chinese and English: `多“乡”,少“县”` / `extra [乡], lacks [县]`."""
    from rapidfuzz.distance import Levenshtein

    extra, missing = "", ""
    for step in Levenshtein.opcodes(matched, asked):
        if step.tag != "equal":
            missing += matched[step.src_start : step.src_end]
            extra += asked[step.dest_start : step.dest_end]
    zh = [f"多“{extra}”"] if extra else []
    en = [f"extra [{extra}]"] if extra else []
    zh += [f"少“{missing}”"] if missing else []
    en += [f"lacks [{missing}]"] if missing else []
    return ",".join(zh), ", ".join(en)


def may_be_a_person(text: str) -> bool:
    """Whether `text` may tell of a person: a personal name, or a number as long as those of telephones and papers.

    A masked number (138****5678) is one. Careful rather than clever: short names of places (康城) are taken for
    persons too; `shortens` tells those apart.
    """
    if _NUMBERS.search(text):
        return True
    if not _HAN.fullmatch(text) or text[-1] in _BODIES:
        return False
    if text[:2] in _DOUBLE_SURNAMES:
        return len(text) > len(text[:2])
    return len(text) <= _LONGEST_NAME and text[0] in _SURNAMES


def shortens(text: str, name: str) -> bool:
    """Whether `text` is `name` with characters left out: 康城 of 康城镇, 县水局 of 县水利局."""
    left = iter(name)
    return all(character in left for character in text)
