"""How a programme begins: with everything it needs, in one act."""

from services.review.programmes.definition import DEADLINES, Definition, check_phases, check_targets
from services.review.programmes.programme import Programme, enrol_township, evolve
from services.review.programmes.publishing import publish_calendar, rules_version, standard_version
from services.review.programmes.schedule import announce_batch
from services.review.programmes.standards import no_duplicates
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.programme import Opened, ProgrammeEvent, RulesRef
from shared.contracts.refusals import Refused


def open_programme(
    programme: Programme, definition: Definition, *, site: ProgrammeSite
) -> list[ProgrammeEvent]:
    """Open a programme with everything it needs, in one act.

    The first standard and rules may be in force from the opening's own day: nobody can have been
    scored by an older one. Raises Refused: `programme-exists`, and what the parts refuse.
    """
    if programme.opened is not None:
        raise Refused("programme-exists", programme=definition.code)
    day = site["effective_on"]
    check_phases(definition.phases)
    check_targets(definition.targets, definition.phases)
    no_duplicates("rules", (one.kind for one in definition.rules))
    if not any(one.kind == "deadlines" for one in definition.rules):
        raise Refused("deadlines-incomplete", missing=DEADLINES)
    standard = standard_version(programme, definition.standard, earliest=day, site=site)
    rules = [rules_version(programme, one, site=site) for one in definition.rules]
    opened = Opened(
        **site,
        name_zh=definition.name_zh,
        name_en=definition.name_en,
        district=definition.district,
        city=definition.city,
        basis=definition.basis,
        rehearsal=definition.rehearsal,
        phases=definition.phases,
        targets=definition.targets,
        standard=standard.standard,
        rules=tuple(
            RulesRef(kind=one.kind, version=one.version, digest=one.digest) for one in rules
        ),
    )
    events: list[ProgrammeEvent] = [opened, standard, *rules]
    for event in events:
        programme = evolve(programme, event)
    no_duplicates("calendar", (str(one.year) for one in definition.calendars))
    parts: list[list[ProgrammeEvent]] = [
        *(publish_calendar(programme, one, site=site) for one in definition.calendars)
    ]
    no_duplicates("batch", (one.batch for one in definition.batches))
    parts += [announce_batch(programme, one, site=site) for one in definition.batches]
    no_duplicates("township", (one.township for one in definition.townships))
    no_duplicates("office", (one.office for one in definition.townships))
    parts += [enrol_township(programme, one, site=site) for one in definition.townships]
    return events + [event for part in parts for event in part]
