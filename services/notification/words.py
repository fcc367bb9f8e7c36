"""Codes of events as a person says them, by the field they stand in: (Chinese, English)."""

from collections.abc import Mapping

_BY = {"district": ("区局", "the district"), "city": ("市局", "the city")}
_TITLES = {
    "compliant": ("达标单位", "compliant office"),
    "demonstration": ("示范单位", "demonstration office"),
}
_FIELDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "by": {"self": ("本办", "the office itself"), **_BY},
    "level": {"district": ("区级验收组", "The district"), "city": ("市级复验组", "The city")},
    "fund": {
        "district": ("区级安全生产专项资金", "the district's safety fund"),
        "city": ("市级安全生产专项资金", "the city's safety fund"),
    },
    "basis": {
        "on-time": ("按期达标", "on time"),
        "demonstration": ("示范单位", "demonstration office"),
        "rank": ("排名靠前", "rank"),
    },
    "title": _TITLES,
    "proposed_title": _TITLES,
    "kind": {
        "gap": ("查缺自评", "gap assessment"),
        "full": ("全面自评", "full self-assessment"),
        "pre-application": ("申报前自查", "check before applying"),
        "money": ("经费", "money"),
        "posts": ("编制", "posts"),
        "premises": ("办公场所", "premises"),
        "equipment": ("装备", "equipment"),
    },
    "decision": {
        "granted": ("同意", "granted"),
        "part": ("部分同意", "granted in part"),
        "refused": ("不同意", "refused"),
    },
    "field": {
        "title": ("称号", "title"),
        "plaque_number": ("牌匾编号", "plaque number"),
        "valid_until_on": ("称号有效期", "validity of the title"),
    },
    "outcome": {
        "awarded": ("已授予称号", "title awarded"),
        "failed": ("不合格", "failed"),
        "returned": ("已退回", "returned"),
        "withdrawn": ("已撤回", "withdrawn"),
        "rejected": ("未受理", "not accepted"),
        "void": ("已作废", "void"),
    },
}

WORDS: Mapping[tuple[str, str], tuple[str, str]] = {
    (name, code): said for name, codes in _FIELDS.items() for code, said in codes.items()
}

OVERDUE: Mapping[str, tuple[str, str]] = {
    "plan": ("报送实施方案", "the plan"),
    "batch": ("按批次申报", "the application"),
    "rectification": ("整改销号", "the rectification"),
    "resubmission": ("退回后重新申报", "the new application"),
    "decision": ("初验决定", "the district's decision"),
}
"""What is late, by kind of deadline."""
