"""The dossiers over HTTP: what the head signs, and what the office scores."""

from functools import partial

from fastapi import APIRouter

from services.submission import programmes
from services.submission.access import APPLY, ASSESS, PLAN, WITHDRAW_APPLICATION
from services.submission.answers import ApplicationWritten, AssessmentWritten
from services.submission.application import Terms, request_withdrawal, submit_application
from services.submission.bodies import (
    ApplicationBody,
    AssessmentBody,
    PlanBody,
    WithdrawalBody,
)
from services.submission.drafts.draft import Drafts
from services.submission.drafts.freezing import freezing
from services.submission.funding_api import askings
from services.submission.place import Came, Decision, Part, Scene, name_of, record, route
from services.submission.planning import file_plan, record_assessment, revise_plan
from services.submission.practice_api import sharings
from services.submission.reading import readings
from services.submission.rectification_api import mendings
from shared.contracts.dossier import DossierEvent
from shared.store.log import Log
from shared.web.commands import Written


def routes(log: Log, drafts: Drafts) -> APIRouter:
    """All that one may read of a dossier and do in it, but for drafts and evidence."""
    router = APIRouter(prefix="/v1/dossiers", tags=["dossiers"])
    readings(router, log)
    mendings(router, log)
    askings(router, log)
    sharings(router, log)

    @router.post(**route(PLAN))
    async def plan(came: Came, body: PlanBody) -> Written:
        """File the plan, or with a reason revise it; signed by the head."""
        return await record(log, PLAN, came, body, lambda at: _plan(at, body), made="plans")

    @router.post(**route(ASSESS))
    async def assess(came: Came, body: AssessmentBody) -> AssessmentWritten:
        """Record the office's own marks, or those of its working draft; they are added up here."""
        assessment_id = name_of(came.wish)
        decision: Decision = partial(_assess, body=body, assessment_id=assessment_id)
        if body.draft is not None:
            decision = await freezing(log, drafts, came.here, body, body.draft, assessment_id)
        written = await record(log, ASSESS, came, body, decision, made="self-assessments")
        return AssessmentWritten(**written.model_dump(), assessment_id=assessment_id)

    @router.post(**route(APPLY))
    async def apply(came: Came, body: ApplicationBody) -> ApplicationWritten:
        """Ask the district to inspect; signed by the head."""
        application_id = name_of(came.wish)
        written = await record(
            log,
            APPLY,
            came,
            body,
            lambda at: _apply(at, body, application_id),
            made=f"applications/{application_id}",
        )
        _, state = await log.state(came.here.stream)
        submitted = state.application(application_id).submitted
        return ApplicationWritten(
            **written.model_dump(), application_id=application_id, round=submitted.round
        )

    @router.post(**route(WITHDRAW_APPLICATION))
    async def withdraw(came: Came, application_id: Part, body: WithdrawalBody) -> Written:
        """Ask to take the application back; whoever reviews it decides."""
        return await record(
            log,
            WITHDRAW_APPLICATION,
            came,
            body,
            lambda at: request_withdrawal(at.dossier, at.site, application_id, reason=body.reason),
            made=f"applications/{application_id}",
        )

    return router


def _plan(at: Scene, body: PlanBody) -> list[DossierEvent]:
    intent = body.intent()
    if body.reason is None:
        return file_plan(at.dossier, at.site, at.programme, intent, signed_by=at.officer)
    return revise_plan(
        at.dossier,
        at.site,
        at.programme,
        intent,
        signed_by=at.officer,
        reason=body.reason,
        consent=body.consent.consent() if body.consent else None,
    )


def _assess(at: Scene, body: AssessmentBody, assessment_id: str) -> list[DossierEvent]:
    standard = at.standard
    return record_assessment(
        at.dossier,
        at.site,
        assessment_id=assessment_id,
        kind=body.kind,
        standard=standard,
        scored_under=body.standard_version or standard.standard.version,
        marks=body.scored(standard),
        facts=body.facts,
        evidence=at.evidence,
    )


def _apply(at: Scene, body: ApplicationBody, application_id: str) -> list[DossierEvent]:
    terms = Terms(
        standard=at.standard,
        phases=at.programme.phases,
        targets=at.programme.targets,
        batch=programmes.batch(at.programme, body.batch),
    )
    return submit_application(
        at.dossier,
        at.site,
        application_id=application_id,
        terms=terms,
        facts=body.facts,
        signed_by=at.officer,
    )
