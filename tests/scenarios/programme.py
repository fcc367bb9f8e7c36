"""A programme that was played to its end, and what its logs come to."""

from dataclasses import dataclass

from deploy.local.player import Played
from deploy.local.records import counted
from deploy.local.scenario import Scenario
from deploy.local.settling import settled
from deploy.local.stage import Stage
from deploy.local.verify import Verdict, verify


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme that was played to its end: the parts, what was acknowledged, the verdict."""

    stage: Stage
    scenario: Scenario
    played: Played
    verdict: Verdict


async def judged(parts: Stage, scenario: Scenario) -> Verdict:
    """What the logs come to, once nothing is on its way any more."""
    await settled(parts.databases, scenario.ends_on)
    return await verify(
        parts.databases,
        parts.urls["projection"],
        parts.issuer.token("verifier", "370406-safety", ["auditor"]),
        programme=scenario.programme,
        on=scenario.ends_on,
        kafka=parts.cluster.name,
        topics=counted(parts.cluster),
        also=scenario.checked_on,
    )
