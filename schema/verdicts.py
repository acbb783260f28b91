"""The one answer to “could this be done with this certificate now?”, with all its reasons."""

from datetime import datetime

import strawberry

from schema.errors import UserError
from services import verdicts
from services.certificates.model import CertificateStatus, Limit

strawberry.enum(
    verdicts.Verdict,
    description="CLEAR: nothing is in the way. NEEDS_CONSENT: nothing but consents is missing. "
    "BLOCKED: something no consent opens is in the way.",
)


@strawberry.type(
    description="What the rule of an act finds, short of who asks. Nothing is promised: the act "
    "is judged again when it is done; pass `certificateVersion` to be sure nothing has moved."
)
class Assessment:
    verdict: verdicts.Verdict = strawberry.field(description="What follows from the reasons.")
    reasons: list[UserError] = strawberry.field(
        description="All that is in the way, the most telling first; empty when CLEAR."
    )
    as_of: datetime = strawberry.field(description="The instant this answer is about.")
    certificate_version: int = strawberry.field(
        description="The certificate's version it rests on; pass it as `expectedVersion`."
    )
    effective_status: CertificateStatus = strawberry.field(
        description="What the certificate is at `asOf`, time included."
    )
    effective_end: datetime = strawberry.field(
        description="The earliest of all that end the certificate."
    )
    binding_limit: Limit = strawberry.field(description="Which of them `effectiveEnd` is.")

    @classmethod
    def of(cls, assessment: verdicts.Assessment) -> "Assessment":
        certificate = assessment.certificate
        return cls(
            verdict=assessment.verdict,
            reasons=[UserError.of(refusal) for refusal in assessment.refusals],
            as_of=assessment.as_of,
            certificate_version=certificate.version,
            effective_status=certificate.effective_status(assessment.as_of),
            effective_end=certificate.effective_end,
            binding_limit=certificate.binding_limit,
        )

    @classmethod
    def shown(cls, assessment: verdicts.Assessment | None) -> "Assessment | None":
        """None when what was asked about is not on the register."""
        return None if assessment is None else cls.of(assessment)
