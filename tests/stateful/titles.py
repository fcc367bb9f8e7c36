"""The model of what a passed case leads to: titles with their plaques, money, and the end."""

import unicodedata
from collections.abc import Sequence
from datetime import date

from tests.stateful.case import Case, Reward, Title
from tests.stateful.verdicts import for_city, together
from tests.stateful.world import CITY, DISTRICT, TOO_EARLY, By, Said, rights

GRANTS = {("city", "on-time"): 500_000, ("district", "rank"): 300_000}
"""What the rules grant; ranks are rewarded down to the second."""
TO_RANK = 2
BUREAUS = {"leader": DISTRICT, "city": CITY}


def plain(number: str) -> str:
    """As plaques are compared: NFKC, whichever brackets, no spaces."""
    text = unicodedata.normalize("NFKC", number).casefold()
    for bracket in "〔[【":
        text = text.replace(bracket, "(")
    for bracket in "〕]】":
        text = text.replace(bracket, ")")
    return "".join(text.split())


def award(
    cases: Sequence[Case],
    by: By,
    names: Sequence[str],
    given: Sequence[tuple[str, str]],
    until_on: date | None,
    earlier: Sequence[Sequence[Case]],
) -> set[str]:
    """Many titles in one act; `earlier` are each township's rounds before."""
    why = rights(by, {"city": CITY, "officer": DISTRICT})
    why |= set() if cases else {"cases-missing"}
    why |= {"duplicate-code"} if len(set(names)) < len(names) else set()
    plaques = [plain(number) for _, number in given]
    claimed = set(plaques) & cases[0].world.plaques if cases else set()
    why |= {"plaque-in-use"} if claimed or len(set(plaques)) < len(plaques) else set()
    why |= {"days-reversed"} if until_on and until_on < by.on else set()
    for case, (title, _) in zip(cases, given, strict=True):
        why |= for_city(case, by, "city-passed")
        why |= _beyond(case, title)
    details = {
        id(case): (one, before) for case, one, before in zip(cases, given, earlier, strict=True)
    }

    def turn(case: Case) -> list[Said]:
        (title, number), before = details[id(case)]
        holds = next((one.title for one in reversed(before) if one.title), None)
        if holds and holds.revoked_on is None:
            holds.replaced = True
        case.title = Title(title, number, until_on, by.on, [number])
        case.world.plaques.add(plain(number))
        return [case.turn("awarded", by.on, "title-awarded")]

    return together(cases, by, why, turn)


def correct(case: Case | None, by: By, field: str, was: str | None, is_: str | None) -> set[str]:
    """Put one value of a title right; a number that it is given is used for ever, too."""
    why = rights(by, BUREAUS)
    if case is None or case.title is None:
        return why | {"plaque-unknown"}
    title = case.title
    why |= {"title-revoked"} if title.revoked_on else set()
    why |= {"title-replaced"} if title.replaced else set()
    until = title.until_on.isoformat() if title.until_on else None
    present = {"title": title.title, "plaque_number": title.number, "valid_until_on": until}[field]
    if is_ == present:
        return case.world.settle(by, why, case.stream, list, noop=True)
    why |= set() if was == present else {"present-value-differs"}
    fresh = field == "plaque_number" and plain(is_ or "") not in map(plain, title.borne)
    match field:
        case "title":
            why |= _beyond(case, is_ or "")
        case "plaque_number":
            why |= {"plaque-in-use"} if fresh and plain(is_ or "") in case.world.plaques else set()
        case _:
            early = is_ is not None and date.fromisoformat(is_) < title.awarded_on
            why |= {"days-reversed"} if early else set()
    why |= {TOO_EARLY} if by.on < title.stated.get(field, title.awarded_on) else set()

    def said() -> list[Said]:
        title.stated[field] = by.on
        match field:
            case "title":
                title.title = is_ or ""
            case "plaque_number":
                title.number = is_ or ""
                title.borne.append(title.number)
                case.world.plaques.add(plain(title.number))
            case _:
                title.until_on = date.fromisoformat(is_) if is_ else None
        return [Said("title-corrected", by.on)]

    return case.world.settle(by, why, case.stream, said)


def revoke(case: Case | None, by: By) -> set[str]:
    """Take a title away: its number is never used again."""
    why = rights(by, BUREAUS)
    if case is None or case.title is None:
        return why | {"plaque-unknown"}
    title = case.title
    if title.revoked_on:
        return case.world.settle(by, why, case.stream, list, noop=True)
    why |= {"title-replaced"} if title.replaced else set()
    why |= {TOO_EARLY} if by.on < max(title.awarded_on, *title.stated.values(), date.min) else set()

    def said() -> list[Said]:
        title.revoked_on = by.on
        return [Said("title-revoked", by.on)]

    return case.world.settle(by, why, case.stream, said)


def grant(case: Case, by: By, fund: str, basis: str, amount_fen: int, rank: int | None) -> set[str]:
    """Money for a title, by the rules where they say how much."""
    why = rights(by, {"leader": DISTRICT}) | _exists(case)
    title = case.title
    if why & {"case-unknown"} or title is None:
        return why | {"title-missing"}
    why |= {"title-revoked"} if title.revoked_on else set()
    why |= set() if amount_fen > 0 else {"amount-not-positive"}
    why |= {"rules-not-in-force"} if by.on < case.world.base else set()
    if basis == "rank":
        why |= {"rank-missing"} if rank is None else set()
        if fund == "district" and (rank or 0) > TO_RANK:
            why.add("rank-not-rewarded")
    if basis == "demonstration" and title.title != "demonstration":
        why.add("demonstration-not-reached")
    for one in case.rewards:
        void = one.cancelled and not one.paid_fen
        if (one.fund, one.basis) == (fund, basis) and not void:
            why.add("reward-granted")
    if GRANTS.get((fund, basis), amount_fen) != amount_fen:
        why.add("amount-differs-from-rules")
    why |= {TOO_EARLY} if by.on < title.awarded_on else set()

    def said() -> list[Said]:
        case.rewards.append(Reward("", fund, basis, amount_fen, by.on))
        return [Said("reward-granted", by.on)]

    return case.world.settle(by, why, case.stream, said)


def pay(case: Case, by: By, reward: Reward | None, amount_fen: int) -> set[str]:
    """An instalment; all of them never exceed the grant."""
    why = rights(by, {"leader": DISTRICT}) | _exists(case)
    if reward is None or case.title is None:
        return why | {"reward-unknown", "title-missing"}
    revoked_on = case.title.revoked_on
    why |= {"title-revoked"} if revoked_on and revoked_on <= by.on else set()
    why |= {"reward-cancelled"} if reward.cancelled else set()
    why |= set() if amount_fen > 0 else {"amount-not-positive"}
    why |= {"payment-over-grant"} if amount_fen > reward.amount_fen - reward.paid_fen else set()
    why |= {TOO_EARLY} if by.on < reward.granted_on else set()

    def said() -> list[Said]:
        reward.paid_fen += amount_fen
        reward.paid_on = max(reward.paid_on or by.on, by.on)
        return [Said("reward-paid", by.on)]

    return case.world.settle(by, why, case.stream, said)


def cancel(case: Case, by: By, reward: Reward | None) -> set[str]:
    """What of a grant is not paid yet is not paid after all."""
    why = rights(by, {"leader": DISTRICT}) | _exists(case)
    if reward is None:
        return why | {"reward-unknown", "title-missing"}
    if reward.cancelled:
        return case.world.settle(by, why, case.stream, list, noop=True)
    why |= {"reward-paid"} if reward.paid_fen == reward.amount_fen else set()
    why |= {TOO_EARLY} if by.on < max(reward.granted_on, reward.paid_on or date.min) else set()

    def said() -> list[Said]:
        reward.cancelled = True
        return [Said("reward-cancelled", by.on)]

    return case.world.settle(by, why, case.stream, said)


def finish(case: Case, by: By) -> set[str]:
    """The end of a case whose title is awarded."""
    why = rights(by, {"leader": DISTRICT}) | case.at("awarded") | case.early(by)
    return case.world.settle(by, why, case.stream, lambda: [case.close(by.on, "awarded")])


def _exists(case: Case) -> set[str]:
    return {"case-unknown"} if case.stage in ("none", "rejected") else set()


def _beyond(case: Case, title: str) -> set[str]:
    beyond = title == "demonstration" and case.city_title != "demonstration"
    return {"title-beyond-verdict"} if beyond else set()
