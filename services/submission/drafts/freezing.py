"""How a draft becomes an assessment: exactly what it says at the version that was looked at."""

from services.submission.bodies import AssessmentBody
from services.submission.drafts.draft import Drafts
from services.submission.drafts.sheet import freezable
from services.submission.evidence.held import EvidenceBody, held
from services.submission.place import Decision, Place, Scene
from services.submission.planning import record_assessment
from shared.contracts.dossier import DossierEvent
from shared.store.log import Log


async def freezing(
    log: Log, drafts: Drafts, here: Place, body: AssessmentBody, version: int, assessment_id: str
) -> Decision:
    """The decision that records the draft, with the facts it states and the files its marks name.

    The draft is read before and judged within: a command that was done already is answered by its
    key, whatever became of the draft since. What is edited after the reading is not lost, it is
    in the next one. The decision raises Refused: `draft-changed`, `draft-stale`,
    `evidence-unknown`, `evidence-erased-before`, and what `record_assessment` does.
    """
    draft = await drafts.read(here.programme, here.township)
    names = dict.fromkeys(name for mark in draft.marks for name in mark.evidence)
    files = [EvidenceBody(sha256=name) for name in names]
    kept = await held(log, here.programme, here.township, files)

    def decide(at: Scene) -> list[DossierEvent]:
        marks = freezable(at.standard, draft.marks, version=draft.version, expected=version)
        in_force = at.standard.standard.version
        return record_assessment(
            at.dossier,
            at.site,
            assessment_id=assessment_id,
            kind=body.kind,
            standard=at.standard,
            scored_under=body.standard_version or in_force,
            marks=marks,
            facts=draft.facts,
            evidence=kept.named(files, field="/draft"),
        )

    return decide
