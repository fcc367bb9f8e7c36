"""The read models as tables for a spreadsheet: their columns, and a row for each line."""

from collections.abc import Iterator, Mapping

from services.projection.deficiencies import DeficiencyMap
from services.projection.money import Money
from services.projection.queue import Queue
from services.projection.ranking import Ranking
from services.projection.titles import Register, State
from services.projection.words import STAGES
from shared.contracts.blocks import FoundBy, Title
from shared.workbook.tables import Value, points

Row = tuple[Value, ...]

TITLES: Mapping[Title, str] = {"compliant": "达标单位", "demonstration": "示范单位"}
STATES: Mapping[State, str] = {
    "in-force": "有效",
    "expired": "已过期",
    "replaced": "已换发",
    "revoked": "已撤销",
}
FOUND_BY: Mapping[FoundBy, str] = {"self": "自评", "district": "区级", "city": "市级"}

RANKING = (
    "名次 Rank",
    "镇街 Township",
    "名称 Name",
    "市级得分 City total",
    "区级得分 District total",
    "复验合格日期 Passed",
    "阶段 Stage",
    "称号 Title",
)
MONEY = (
    "镇街 Township",
    "名称 Name",
    "申请金额（元） Asked",
    "批准金额（元） Granted",
    "申请编制 Posts asked",
    "批准编制 Posts granted",
    "未答复 Unanswered",
    "奖补决定（元） Rewarded",
    "奖补已拨（元） Paid",
    "奖补取消（元） Cancelled",
    "奖补待拨（元） Outstanding",
)
QUEUE = (
    "案件 Case",
    "镇街 Township",
    "名称 Name",
    "批次 Batch",
    "阶段 Stage",
    "立案日期 Opened",
    "已历工作日 Age",
    "办理期限 Decide by",
    "逾期工作日 Overdue",
    "一票否决 Vetoes",
)
DEFICIENCIES = (
    "项目 Item",
    "项目名称 Item name",
    "类别 Category",
    "镇街 Township",
    "名称 Name",
    "不足 Deficiency",
    "发现方 Found by",
    "未销号 Open",
    "阻断 Blocking",
    "差分 Gap",
    "发现日期 Found",
    "整改期限 Due",
    "销号日期 Closed",
)
REGISTER = (
    "状态 State",
    "称号 Title",
    "牌匾编号 Plaque",
    "曾用编号 Former numbers",
    "镇街 Township",
    "名称 Name",
    "安监办 Office",
    "授牌日期 Awarded",
    "有效期至 Valid until",
    "换发日期 Replaced",
    "换发编号 Replaced by",
    "撤销日期 Revoked",
)


def ranking_rows(ranking: Ranking) -> Iterator[Row]:
    for one in ranking.rows:
        yield (
            one.rank,
            one.township,
            one.name,
            points(one.city_total_cp),
            points(one.district_total_cp),
            one.passed_on,
            STAGES[one.stage][0],
            TITLES[one.title] if one.title else None,
        )


def money_rows(money: Money) -> Iterator[Row]:
    """The townships, then their sum."""
    accounts = [(one.township, one.name, one.sums) for one in money.townships]
    for township, name, sums in [*accounts, ("", "合计 Sum", money.sums)]:
        support, rewards = sums.support, sums.rewards
        # A fen is a hundredth, too.
        yield (
            township,
            name,
            points(support.asked_fen),
            points(support.granted_fen),
            support.asked_posts,
            support.granted_posts,
            support.unanswered,
            points(rewards.granted_fen),
            points(rewards.paid_fen),
            points(rewards.cancelled_fen),
            points(rewards.outstanding_fen),
        )


def queue_rows(queue: Queue) -> Iterator[Row]:
    for one in queue.cases:
        yield (
            one.case,
            one.township,
            one.name,
            one.batch,
            STAGES[one.stage][0],
            one.opened_on,
            one.age_wd,
            one.decide_by_on,
            one.overdue_wd,
            ", ".join(one.vetoes),
        )


def deficiency_rows(found: DeficiencyMap) -> Iterator[Row]:
    """A row for each deficiency."""
    for item in found.items:
        for cell in item.townships:
            for one in cell.deficiencies:
                yield (
                    item.item,
                    item.name,
                    item.category_name or item.category,
                    cell.township,
                    cell.name,
                    one.description,
                    FOUND_BY[one.found_by],
                    one.open,
                    one.blocking,
                    points(one.gap_cp),
                    one.found_on,
                    one.due_on,
                    one.closed_on,
                )


def register_rows(register: Register) -> Iterator[Row]:
    for one in register.titles:
        yield (
            STATES[one.state],
            TITLES[one.title],
            one.plaque_number,
            ", ".join(one.former_numbers),
            one.township,
            one.name,
            one.office_name,
            one.awarded_on,
            one.valid_until_on,
            one.replaced_on,
            one.replaced_by,
            one.revoked_on,
        )
