"""What gives a person away in a text, and how it is shown instead: one set of patterns for Python and for DuckDB.

The expressions are RE2 (no look-around), so that DuckDB's pass and Python's `re` read them alike. Identity numbers:
GB 11643 (eighteen digits, the last a check by ISO 7064 MOD 11-2) and the fifteen digits of before 1999; mobile
numbers by the ranges that are in use; bank cards by Luhn's check (ISO/IEC 7812-1).
"""

from __future__ import annotations

import re
import unicodedata

REGION = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
IDENTITY = rf"{REGION}\d{{4}}(?:19|20)\d\d{_DAY}\d{{3}}[\dXx]"
IDENTITY_15 = rf"{REGION}\d{{4}}[3-9]\d{_DAY}\d{{3}}"
_RANGE = r"1(?:3\d|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8\d|9[0-35-9])"
MOBILE = _RANGE + r"\d{8}"
MOBILE_WRITTEN = _RANGE + r"[ -]?\d{4}[ -]?\d{4}"
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余叶杜苏魏程吕丁任"
    "卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付傅方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵覃武钱戴严莫孔常汤康"
)
_COMPOUND = "欧阳|上官|司马|诸葛|皇甫|尉迟|令狐|东方|夏侯"
_NO_GIVEN = (
    "某县市区乡镇村庄寨集屯店营坪峪湾河桥街路岭山口堡铺局办院所站委校社中心额间目位期号码类型称数率量分级况容由注果式址"
    "话人员者关门务度等表季年月日公司厂队组室科处股段段为的了是在有和与及或不已未无色属木水土火电气油案务风工作"
)
_GIVEN = rf"[^\x00-\x{{2E7F}}\x{{3000}}-\x{{303F}}\x{{FF00}}-\x{{FFEF}}{_NO_GIVEN}]"
NAME = rf"(?:(?:{_COMPOUND})|[{_SURNAMES}]){_GIVEN}{{1,2}}"
_WHO = "姓名|联系人|当事人|信访人|反映人|举报人|投诉人|申请人|来访人|来信人|被反映人|上访人|户主|法人代表"
LABELLED_NAME = rf"(?:{_WHO})\s*(?:[:：]|叫|名叫|是|为)\s*{NAME}"
_CALL = r"(?:电话|手机|座机|联系方式|致电|拨打|[Tt]el|TEL)[^0-9]{0,6}"
LABELLED_LANDLINE = _CALL + r"\(?0\d{2,3}\)?[ -]?\d{7,8}"
LABELLED_PHONE = f"{LABELLED_LANDLINE}|{_CALL}{MOBILE}"
LABELLED_NUMBER = r"(?:身份证|证件)[^0-9]{0,8}\d{15}|(?:银行卡|卡号|账号|帐号)[^0-9]{0,6}[3-6]\d{15,18}"
SHOWN_CHARACTERS = 40
HOME = r"\d+(?:号楼|单元|室|栋|弄)|(?:路|街|巷|道|胡同|村)\d+(?:号|组)"


def as_python(pattern: str) -> re.Pattern[str]:
    """An expression in RE2's notation of characters (\\x{E000}) for Python's `re`."""
    return re.compile(re.sub(r"\\x\{([0-9A-F]+)\}", lambda found: chr(int(found[1], 16)), pattern))


_ANY_NUMBER = as_python(r"(?<!\d)(?:\d{17}[\dXx]|\d{15}|1[3-9]\d[ -]?\d{4}[ -]?\d{4}|[3-6]\d{15,18})(?!\d)")
_WHOLE_NAME = as_python(NAME)
_HOME = re.compile(rf"\w*?(?:{HOME})+")
_NAMED = as_python(rf"((?:{_WHO})\s*[:：]?\s*)({NAME})")
_ABOUT = as_python(rf"({NAME})(?=(?:同志|先生|女士|信访|举报|反映|投诉|上访|来信|来访|申请|的|等))")
_WORD = as_python(r"[\x{3400}-\x{9FFF}]+")
_GIVEN_AWAY = as_python("|".join((f"^{NAME}$", LABELLED_NAME, LABELLED_LANDLINE, LABELLED_NUMBER, HOME)))
_LIKE_IDENTITY = r"(\d{3})\d{3}[ -]?\d{8}[ -]?(\d{3}[\dXx])"
_LIKE_MOBILE = r"(1[3-9]\d)[ -]?\d{4}[ -]?(\d{4})"
_NUMBERS = (
    (re.compile(rf"\b{_LIKE_MOBILE}\b", re.ASCII), r"\1****\2"),
    (re.compile(_LIKE_IDENTITY), r"\1***********\2"),
    (re.compile(_LIKE_MOBILE), r"\1****\2"),
)
_NUMBER_ALONE = re.compile(f"{_LIKE_IDENTITY}|{_LIKE_MOBILE}")
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd-\uffff\U000f0000-\U0010ffff]")
_LINES = re.compile(r"[\t\n\r]")
_ERRORS = {"#REF!", "#DIV/0!", "#VALUE!", "#NULL!", "#NUM!", "#N/A", "#NAME?"}


def masked(text: str) -> str:
    """The text with numbers of persons, addresses and names behind a label (联系人:张*) hidden."""
    text = _HOME.sub("*", _ANY_NUMBER.sub(lambda found: _hidden(found[0]), text))
    return _NAMED.sub(lambda found: found[1] + found[2][0] + "*", text)


def masked_title(text: str) -> str:
    """A name of a file, sheet or column with numbers hidden and every word that is a person's name cut to 张*.

    Words are runs of Chinese characters; a word of which only a part is a name is cut where it says so
    (张*信访材料). Digits of dates and quarters stay.
    """
    text = masked(text)
    return _WORD.sub(lambda found: _shown(found[0]), text)


def seen(text: str) -> str:
    """The text with □ for characters that cannot be seen; tabs and line ends stay."""
    return _UNSEEN.sub("□", text)


def without_numbers(text: str) -> str:
    """Hide identity numbers (110***********002X) and mobile numbers (138****1234) wherever they stand."""
    for pattern, shown in _NUMBERS:
        text = pattern.sub(shown, text)
    return text


def without_persons(text: str) -> str:
    """Hide numbers of persons, addresses and labelled names wherever they stand, and a name that fills the cell."""
    return f"{text[:1]}*" if looks_like_a_name(text) else without_numbers(masked(text))


def initial(text: str) -> str:
    """What is shown of a personal value: its first character (张*), a number's ends, a spreadsheet's error whole."""
    if text in _ERRORS:
        return text
    if _NUMBER_ALONE.fullmatch(text):
        return without_numbers(text)
    return f"{text[:1]}*" if text else ""


def in_a_sentence(text: str, *, hidden: bool) -> str:
    """A cell's text for a sentence or a list of faults, on one line; `hidden`: of a column of personal values.

    What reads as a name, or holds one behind its label, a phone or an address, reads 张*; numbers of persons are
    hidden; more than 40 characters are cut.
    """
    shown = _LINES.sub("□", seen(text))
    if hidden or _GIVEN_AWAY.search(shown):
        return initial(shown) if hidden else f"{shown[:1]}*"
    shown = without_numbers(masked(shown))
    return shown if len(shown) <= SHOWN_CHARACTERS else shown[: SHOWN_CHARACTERS - 1] + "…"


def looks_like_a_name(text: str) -> bool:
    """Whether the whole text reads as a Chinese person's name."""
    return bool(_WHOLE_NAME.fullmatch(unicodedata.normalize("NFKC", text).strip()))


def _shown(word: str) -> str:
    if _WHOLE_NAME.fullmatch(word):
        return word[0] + "*"
    found = _ABOUT.match(word)
    return word[0] + "*" + word[found.end(1) :] if found else word


def _hidden(number: str) -> str:
    plain = re.sub(r"[ -]", "", number)
    if len(plain) == 11:
        return f"{plain[:3]}****{plain[-4:]}"
    return plain[:3] + "*" * (len(plain) - 7) + plain[-4:]
