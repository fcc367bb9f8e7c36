"""What a dossier hears of its case: sent back, closed, or never opened."""

from datetime import date
from uuid import NAMESPACE_URL, uuid5

from services.submission.dossier import Dossier
from shared.contracts import case
from shared.contracts.blocks import TownshipSite
from shared.contracts.dossier import (
    ApplicationClosed,
    ApplicationReturned,
    DeficiencyFound,
    DossierEvent,
    ItemReason,
    Outcome,
)
from shared.contracts.programme import StandardPublished


def follow_return(
    dossier: Dossier,
    site: TownshipSite,
    returned: case.Returned,
    standard: StandardPublished | None,
) -> list[DossierEvent]:
    """Echo that the application was sent back; each item of it now holds the next one back.

    `standard` is the one the application is pinned to. An item that is not in it is told, and
    makes no deficiency.
    """
    application = dossier.application(returned.application_id)
    if application is None or application.returned or application.closed:
        return []
    items = {item.code: item for item in standard.items} if standard else {}
    echoes: list[DossierEvent] = [
        ApplicationReturned(
            **site,
            application_id=returned.application_id,
            round=returned.round,
            case_id=returned.case_id,
            by=returned.by,
            items=tuple(ItemReason(item=one.item, reason=one.reason) for one in returned.items),
            resubmit_by_on=returned.resubmit_by_on,
        )
    ]
    for one in returned.items:
        item = items.get(one.item)
        if item is None:
            continue
        judged = one.agreed_cp if one.agreed_cp is not None else one.self_cp
        echoes.append(
            DeficiencyFound(
                **site,
                deficiency_id=str(uuid5(NAMESPACE_URL, f"{returned.case_id}#{one.item}")),
                item=one.item,
                category=item.category,
                nature=item.nature,
                found_by=returned.by,
                gap_cp=max(0, item.max_cp - (judged or 0)),
                description=one.reason,
                blocking=True,
                case_id=returned.case_id,
                due_on=returned.resubmit_by_on,
            )
        )
    return echoes


def follow_close(dossier: Dossier, site: TownshipSite, closed: case.Closed) -> list[DossierEvent]:
    """Echo the end of the case: another application may follow, at once or from a day on."""
    return _close(
        dossier,
        site,
        closed.application_id,
        closed.outcome,
        case_id=closed.case_id,
        may_reapply_on=closed.may_reapply_on,
    )


def follow_rejection(
    dossier: Dossier, site: TownshipSite, rejected: case.ApplicationRejected
) -> list[DossierEvent]:
    """Echo that no case was opened: the application was refused, or taken back in time."""
    withdrawn = any(reason.code == "withdrawn" for reason in rejected.reasons)
    outcome: Outcome = "withdrawn" if withdrawn else "rejected"
    return _close(dossier, site, rejected.application_id, outcome)


def _close(
    dossier: Dossier,
    site: TownshipSite,
    application_id: str,
    outcome: Outcome,
    *,
    case_id: str | None = None,
    may_reapply_on: date | None = None,
) -> list[DossierEvent]:
    application = dossier.application(application_id)
    if application is None or application.closed:
        return []
    return [
        ApplicationClosed(
            **site,
            application_id=application_id,
            round=application.submitted.round,
            outcome=outcome,
            case_id=case_id,
            may_reapply_on=may_reapply_on,
        )
    ]
