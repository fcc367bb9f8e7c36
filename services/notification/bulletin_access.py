"""Who reads a bulletin, who may do what with it, and what of that is open now."""

from collections.abc import Callable, Mapping
from datetime import date, datetime

from services.notification.bulletin import (
    Signing,
    addressees,
    edited,
    issue_bulletin,
    may_correct,
    open_draft,
    part_of,
)
from services.notification.bulletin_drafts import Bulletin
from services.notification.notice import Inbox
from services.notification.programmes import Programme
from shared.clock import civil_day
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.refusals import Refused
from shared.web.acts import Act, attempt
from shared.web.auth import Principal

READERS = ("clerk", "head", "gov", "officer", "leader", "member", "city", "bureau", "auditor")
ACTS: Mapping[str, tuple[str, ...]] = {
    "text": ("officer",),
    "issuance": ("leader",),
    "corrections": ("officer",),
}
"""Who of the district may take each act; routes and `allowed` both read it here."""


def of_district(who: Principal, known: Programme, programme: str, on: date) -> None:
    """Only for the district whose programme it is, or who stands in its place.

    Raises Refused: `unknown-programme`, `other-organisation`.
    """
    if known.district is None:
        raise Refused("unknown-programme", programme=programme)
    district = known.acting(known.district, on)
    if who.organisation != district:
        raise Refused("other-organisation", organisation=district)


def sees_drafts(who: Principal, known: Programme, on: date) -> bool:
    """The district's officers and leaders, and auditors."""
    if "auditor" in who.roles:
        return True
    district = known.acting(known.district or "", on)
    return who.organisation == district and not who.roles.isdisjoint({"officer", "leader"})


def sees_internal(who: Principal, known: Programme) -> bool:
    """Whoever has a part in the programme, and auditors; for others is what is public."""
    return "auditor" in who.roles or who.organisation in part_of(known)


def of_programme(who: Principal, known: Programme, programme: str) -> None:
    """For its organisations, for those that came in their place, for bureaus and for auditors.

    Raises Refused: `unknown-programme`, `other-organisation`.
    """
    if known.district is None:
        raise Refused("unknown-programme", programme=programme)
    if "bureau" not in who.roles and not sees_internal(who, known):
        raise Refused("other-organisation", organisation=known.district)


def readable(who: Principal, known: Programme, bulletin: Bulletin, on: date) -> None:
    """Raises Refused: `other-organisation`, and `bulletin-unknown` for what is not to be seen."""
    of_programme(who, known, bulletin.draft.programme)
    public = bulletin.draft.publicity == "public" or sees_internal(who, known)
    if not sees_drafts(who, known, on) and (bulletin.issued is None or not public):
        raise Refused("bulletin-unknown", bulletin_id=bulletin.draft.bulletin_id)


def allowed(
    who: Principal,
    known: Programme,
    bulletin: Bulletin,
    corrected: Bulletin | None,
    *,
    now: datetime,
) -> list[Act]:
    """Every act, tried today by this reader."""
    draft, today = bulletin.draft, civil_day(now)
    site: ProgrammeSite = {"programme": draft.programme, "effective_on": today}

    def by(act: str, decision: Callable[[], object]) -> Callable[[], object]:
        def tried() -> object:
            if who.roles.isdisjoint(ACTS[act]):
                raise Refused("role-not-allowed", roles=sorted(ACTS[act]))
            of_district(who, known, draft.programme, today)
            return decision()

        return tried

    def edit() -> object:
        return edited(draft, draft.version, issued=bulletin.issued)

    def issue() -> object:
        open_draft(draft, bulletin.issued)
        if corrected is not None:
            may_correct(corrected.issued, corrected.draft.bulletin_id, corrected.corrected_by)
        return issue_bulletin(
            Inbox(),
            draft,
            Signing(
                document_number="1",
                signed_by=who.officer,
                addressees=addressees(known, today),
                docx_sha256="",
            ),
            issue_no=1,
            corrected=None if corrected is None else corrected.issued,
            known_on=civil_day(draft.known_at),
            now=now,
            site=site,
        )

    def correct() -> None:
        may_correct(bulletin.issued, draft.bulletin_id, bulletin.corrected_by)

    tries: Mapping[str, Callable[[], object]] = {
        "text": edit,
        "issuance": issue,
        "corrections": correct,
    }
    return [attempt(act, by(act, decision)) for act, decision in tries.items()]
