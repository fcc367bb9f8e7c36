"""What this service is told beside what all are told."""

from typing import Self

from pydantic import Field, model_validator

from shared.settings import ServiceSettings

MEBIBYTE = 1024 * 1024


class SubmissionSettings(ServiceSettings):
    """The usual settings, and where evidence is kept."""

    evidence: str | None = Field(default=None, pattern=r"^(file:///|s3://)[^ ]+$")
    """`file:///directory` or `s3://bucket/prefix`; credentials of S3 are the usual AWS_* ones."""
    evidence_endpoint: str | None = Field(default=None, pattern=r"^https?://[^ ]+$")
    """Of a store that speaks S3 and is not Amazon's."""
    evidence_bytes: int = Field(default=100 * MEBIBYTE, ge=MEBIBYTE, le=1024 * MEBIBYTE)
    """How large a file may be."""

    @model_validator(mode="after")
    def _fit_for_evidence(self) -> Self:
        s3 = self.evidence is not None and self.evidence.startswith("s3://")
        if self.evidence_endpoint is not None and not s3:
            raise ValueError("FUYAN_EVIDENCE_ENDPOINT goes with a FUYAN_EVIDENCE of s3://")
        return self
