"""Rule profiles: the numbers that differ by place and year, versioned; logic stays code."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleProfile:
    """One version of a place's numbers. A case keeps the version it was filed under.

    Days are natural days of Asia/Shanghai; a period never counts the day it begins on.
    """

    code: str
    version: int
    announcement_days: int
    objection_decision_days: int
    validity_months: int
    max_correction_rounds: int
    correction_days: int
    resubmit_bar_months: int
    cap_by_source_authorisation: bool
    junior_pledge_with_senior_consent: bool
    registry_code: str

    @property
    def name(self) -> str:
        return f"{self.code}/{self.version}"

    def canonical(self) -> bytes:
        """The one spelling of this version: JSON with sorted names and no spaces, in UTF-8."""
        return json.dumps(
            asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode()


# Shanghai Interim Measures for the Registration of Data Product Intellectual Property, in force
# 8 December 2024. Published: announcement 15 days, objections decided within 60 days, validity
# three years, three-month bar. Not published, so placeholders a lawyer must confirm: correction
# rounds and days, the cap by source authorisation (Beijing has it), junior pledges, the code 3100.
SH_2024 = RuleProfile(
    code="SH-2024",
    version=1,
    announcement_days=15,
    objection_decision_days=60,
    validity_months=36,
    max_correction_rounds=2,
    correction_days=21,
    resubmit_bar_months=3,
    cap_by_source_authorisation=True,
    junior_pledge_with_senior_consent=True,
    registry_code="3100",
)

PROFILES = {profile.name: profile for profile in (SH_2024,)}
PROFILE_NOW = SH_2024
