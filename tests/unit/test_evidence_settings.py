"""Where evidence is kept is told as a URL, and a setting that cannot be meant stops the service."""

from typing import Any

import pytest
from pydantic import ValidationError

from deploy.cli.services import Service, settings_of
from deploy.local.issuer import Issuer
from services.submission.evidence.register import Register
from services.submission.evidence.store import EvidenceStore
from services.submission.settings import SubmissionSettings
from shared.settings import ServiceSettings
from shared.store.pool import Pool
from shared.store.streams import Unavailable
from tests.unit.web_app import settings_for


def settings(**given: Any) -> SubmissionSettings:
    return settings_for(Issuer(), SubmissionSettings, **given)


def test_each_service_is_told_what_is_its_own() -> None:
    assert settings_of(Service.submission) is SubmissionSettings
    assert issubclass(settings_of(Service.review), ServiceSettings)
    assert "evidence" not in settings_of(Service.review).model_fields


@pytest.mark.parametrize("url", ["/var/evidence", "file://host/dir", "http://s3.test/bucket", "s3"])
def test_another_place_than_a_directory_or_a_bucket_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        settings(evidence=url)


def test_an_endpoint_goes_with_a_bucket() -> None:
    with pytest.raises(ValidationError, match="FUYAN_EVIDENCE_ENDPOINT"):
        settings(evidence="file:///var/evidence", evidence_endpoint="http://127.0.0.1:9000")
    settings(evidence="s3://bucket", evidence_endpoint="http://127.0.0.1:9000")


async def test_without_a_place_it_says_so_when_asked() -> None:
    register = Register(Pool("postgresql://nowhere", "test", 1))
    with pytest.raises(Unavailable) as refused:
        await EvidenceStore(settings(), register).check()
    assert refused.value.code == "evidence-store-missing"
