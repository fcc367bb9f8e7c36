"""Who may use the working draft: the office's clerk writes it, their superiors read it."""

from deploy.local.issuer import Issuer
from services.submission.app import create_app
from services.submission.settings import SubmissionSettings
from shared.web.app import roles_by_route
from tests.unit.web_app import settings_for

DRAFT = "/v1/dossiers/{programme}/{township}/draft"


def test_only_a_clerk_edits_a_draft() -> None:
    table = roles_by_route(create_app(settings_for(Issuer(), SubmissionSettings)))
    edits = {f"{DRAFT}/items/{{item}}", f"{DRAFT}/facts"}
    ours = {
        route: set(roles or ()) for route, roles in table.items() if route[1] in {DRAFT, *edits}
    }
    assert ours == {
        ("GET", DRAFT): {"clerk", "head", "officer", "leader", "auditor"},
        ("PATCH", f"{DRAFT}/items/{{item}}"): {"clerk"},
        ("DELETE", f"{DRAFT}/items/{{item}}"): {"clerk"},
        ("PUT", f"{DRAFT}/facts"): {"clerk"},
    }
