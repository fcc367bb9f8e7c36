"""Who may use which address of the submission service."""

from deploy.local.issuer import Issuer
from services.submission.app import create_app
from services.submission.settings import SubmissionSettings
from shared.web.app import roles_by_route
from tests.unit.web_app import settings_for

DOSSIER = "/v1/dossiers/{programme}/{township}"
GAP = f"{DOSSIER}/deficiencies/{{deficiency_id}}"
APPLICATION = f"{DOSSIER}/applications/{{application_id}}"
REQUEST = f"{DOSSIER}/funding-requests/{{funding_id}}"
READERS = frozenset({"clerk", "head", "gov", "officer", "leader", "auditor"})
STRANGERS = frozenset({"bureau", "integrator"})


def test_the_head_signs_the_clerk_prepares_the_district_corrects_and_the_government_answers() -> (
    None
):
    table = roles_by_route(create_app(settings_for(Issuer(), SubmissionSettings)))
    rooms = ("/v1/dossiers", "/v1/good-practices")
    # The working draft is no part of what is recorded, and has a table of its own.
    ours = {
        route: roles
        for route, roles in table.items()
        if route[1].startswith(rooms) and "/draft" not in route[1]
    }
    assert ours == {
        ("GET", "/v1/dossiers"): {"officer", "leader", "auditor"},
        ("GET", "/v1/good-practices"): READERS | {"member", "city"} | STRANGERS,
        ("GET", DOSSIER): READERS,
        ("GET", f"{DOSSIER}/plans"): READERS,
        ("GET", f"{DOSSIER}/self-assessments"): READERS,
        ("GET", f"{DOSSIER}/deficiencies"): READERS,
        ("GET", GAP): READERS,
        ("GET", f"{DOSSIER}/funding-requests"): READERS,
        ("GET", REQUEST): READERS,
        ("GET", f"{DOSSIER}/applications"): READERS,
        ("GET", APPLICATION): READERS | {"member"},
        ("GET", f"{DOSSIER}/good-practices"): READERS,
        ("POST", f"{DOSSIER}/plans"): {"head"},
        ("POST", f"{DOSSIER}/self-assessments"): {"clerk"},
        ("POST", f"{DOSSIER}/deficiencies"): {"clerk"},
        ("POST", f"{GAP}/rectification-plans"): {"clerk"},
        ("POST", f"{GAP}/completion"): {"clerk"},
        ("POST", f"{GAP}/withdrawal"): {"clerk", "officer"},
        ("POST", f"{GAP}/reopening"): {"clerk", "officer"},
        ("POST", f"{DOSSIER}/funding-requests"): {"clerk"},
        ("POST", f"{REQUEST}/decision"): {"clerk", "gov"},
        ("POST", f"{DOSSIER}/applications"): {"head"},
        ("POST", f"{APPLICATION}/withdrawal"): {"head"},
        ("POST", f"{DOSSIER}/good-practices"): {"head"},
    }
