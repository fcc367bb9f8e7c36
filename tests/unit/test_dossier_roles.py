"""Who may use which address of the submission service."""

from deploy.local.issuer import Issuer
from services.submission.app import create_app
from shared.web.app import roles_by_route
from tests.unit.web_app import settings_for

DOSSIER = "/v1/dossiers/{programme}/{township}"
GAP = f"{DOSSIER}/deficiencies/{{deficiency_id}}"
APPLICATION = f"{DOSSIER}/applications/{{application_id}}"
READERS = frozenset({"clerk", "head", "officer", "leader", "auditor"})


def test_the_head_signs_the_clerk_prepares_and_the_district_corrects() -> None:
    table = roles_by_route(create_app(settings_for(Issuer())))
    ours = {route: roles for route, roles in table.items() if route[1].startswith("/v1/dossiers")}
    assert ours == {
        ("GET", "/v1/dossiers"): {"officer", "leader", "auditor"},
        ("GET", DOSSIER): READERS,
        ("GET", f"{DOSSIER}/plans"): READERS,
        ("GET", f"{DOSSIER}/self-assessments"): READERS,
        ("GET", f"{DOSSIER}/deficiencies"): READERS,
        ("GET", GAP): READERS,
        ("GET", f"{DOSSIER}/applications"): READERS,
        ("GET", APPLICATION): READERS,
        ("POST", f"{DOSSIER}/plans"): {"head"},
        ("POST", f"{DOSSIER}/self-assessments"): {"clerk"},
        ("POST", f"{DOSSIER}/deficiencies"): {"clerk"},
        ("POST", f"{GAP}/rectification-plans"): {"clerk"},
        ("POST", f"{GAP}/completion"): {"clerk"},
        ("POST", f"{GAP}/withdrawal"): {"clerk", "officer"},
        ("POST", f"{GAP}/reopening"): {"clerk", "officer"},
        ("POST", f"{DOSSIER}/applications"): {"head"},
        ("POST", f"{APPLICATION}/withdrawal"): {"head"},
    }
