"""The dossiers over HTTP: what the head signs, and what the office scores."""

from collections.abc import Sequence

from fastapi import APIRouter, Response

from services.submission import programmes
from services.submission.answers import ApplicationWritten, AssessmentWritten
from services.submission.application import Terms, request_withdrawal, submit_application
from services.submission.bodies import ApplicationBody, AssessmentBody, PlanBody, WithdrawalBody
from services.submission.dossier import Dossier
from services.submission.mending import mendings
from services.submission.place import Here, Part, Wish, act, name_of, roles
from services.submission.planning import file_plan, record_assessment, revise_plan
from services.submission.programmes import Programme
from services.submission.reading import readings
from shared.contracts.blocks import TownshipSite
from shared.contracts.dossier import DossierEvent
from shared.store.log import Log
from shared.web.commands import Written, created


def routes(log: Log) -> APIRouter:
    """Endpoints 1-3, 7-11 and 14-16."""
    router = APIRouter(prefix="/v1/dossiers", tags=["dossiers"])
    readings(router, log)
    mendings(router, log)

    @router.post("/{programme}/{township}/plans", status_code=201, dependencies=roles("head"))
    async def plan(here: Here, wish: Wish, body: PlanBody, response: Response) -> Written:
        """File the plan, or with a reason revise it; signed by the head."""

        def decide(
            dossier: Dossier, programme: Programme, site: TownshipSite
        ) -> Sequence[DossierEvent]:
            if body.reason is not None:
                return revise_plan(
                    dossier,
                    site,
                    body.intent(),
                    targets=programme.targets,
                    batches=programme.batches,
                    signed_by=here.principal.officer,
                    reason=body.reason,
                    district=programme.district,
                    consent=body.consent.consent() if body.consent else None,
                )
            return file_plan(
                dossier,
                site,
                body.intent(),
                targets=programme.targets,
                batches=programme.batches,
                due_on=programme.plan_due_on,
                calendar=programme.calendar,
                signed_by=here.principal.officer,
            )

        written = await act(log, here, wish, body, decide)
        return created(response, f"{here.path}/plans", written)

    @router.post(
        "/{programme}/{township}/self-assessments", status_code=201, dependencies=roles("clerk")
    )
    async def assess(
        here: Here, wish: Wish, body: AssessmentBody, response: Response
    ) -> AssessmentWritten:
        """Record the office's own marks, which are added up here."""
        assessment_id = name_of(wish)

        def decide(
            dossier: Dossier, programme: Programme, site: TownshipSite
        ) -> Sequence[DossierEvent]:
            standard = programmes.standard_in_force(programme, site["effective_on"])
            return record_assessment(
                dossier,
                site,
                assessment_id=assessment_id,
                kind=body.kind,
                standard=standard,
                scored_under=body.standard_version or standard.standard.version,
                marks=body.scored(standard),
                evidence=tuple(one.evidence() for one in body.evidence),
            )

        written = await act(log, here, wish, body, decide)
        answer = AssessmentWritten(**written.model_dump(), assessment_id=assessment_id)
        created(response, f"{here.path}/self-assessments", answer)
        return answer

    @router.post(
        "/{programme}/{township}/applications", status_code=201, dependencies=roles("head")
    )
    async def apply(
        here: Here, wish: Wish, body: ApplicationBody, response: Response
    ) -> ApplicationWritten:
        """Ask the district to inspect; signed by the head."""
        application_id = name_of(wish)

        def decide(
            dossier: Dossier, programme: Programme, site: TownshipSite
        ) -> Sequence[DossierEvent]:
            terms = Terms(
                standard=programmes.standard_in_force(programme, site["effective_on"]),
                phases=programme.phases,
                targets=programme.targets,
                batch=programmes.batch(programme, body.batch),
            )
            return submit_application(
                dossier,
                site,
                application_id=application_id,
                terms=terms,
                signed_by=here.principal.officer,
            )

        written = await act(log, here, wish, body, decide)
        _, state = await log.state(here.stream)
        submitted = state.application(application_id).submitted
        answer = ApplicationWritten(
            **written.model_dump(), application_id=application_id, round=submitted.round
        )
        created(response, f"{here.path}/applications/{application_id}", answer)
        return answer

    @router.post(
        "/{programme}/{township}/applications/{application_id}/withdrawal",
        status_code=201,
        dependencies=roles("head"),
    )
    async def withdraw(
        here: Here, wish: Wish, application_id: Part, body: WithdrawalBody, response: Response
    ) -> Written:
        """Ask to take the application back; whoever reviews it decides."""

        def decide(
            dossier: Dossier, programme: Programme, site: TownshipSite
        ) -> Sequence[DossierEvent]:
            return request_withdrawal(dossier, site, application_id, reason=body.reason)

        written = await act(log, here, wish, body, decide)
        return created(response, f"{here.path}/applications/{application_id}", written)

    return router
