"""The sample register as data: reported facts, what was added to them, and sample stories."""

from datetime import date, timedelta
from enum import StrEnum
from importlib import resources
from typing import Annotated

import msgspec

from services.actors import Role
from services.applications.model import ProductKind, UpdateFrequency
from services.licensing.model import LicenseKind
from services.parties.model import PartyKind

# Every JSON reader keeps an integer up to here exactly; amounts are Chinese fen (CNY 0.01).
AmountMinor = Annotated[int, msgspec.Meta(gt=0, le=2**53 - 1)]
Text = Annotated[str, msgspec.Meta(min_length=1)]
# A published date is as precise as its source: a year, a month or a day.
ReportedDate = Annotated[str, msgspec.Meta(pattern=r"^\d{4}(-\d{2}){0,2}$")]
# The grounds of Art. 7 of the Shanghai Interim Measures are numbered 1 to 7.
ArticleSevenItem = Annotated[int, msgspec.Meta(ge=1, le=7)]


class Basis(StrEnum):
    """Where a value comes from: a source says it, it was concluded from one, or it is made up."""

    FACT = "FACT"
    INFERRED = "INFERRED"
    SAMPLE = "SAMPLE"


class Regime(StrEnum):
    """The scheme under which the product was registered, as published."""

    DATA_PRODUCT_IP_SHANGHAI = "DATA_PRODUCT_IP_SHANGHAI"
    DATA_IP_PILOT = "DATA_IP_PILOT"
    DATA_ASSET_OTHER = "DATA_ASSET_OTHER"


class Reliability(StrEnum):
    PRESS_OR_OFFICIAL_PAGE = "PRESS_OR_OFFICIAL_PAGE"
    SECONDARY_COMPILATION = "SECONDARY_COMPILATION"
    SELF_DESCRIPTION = "SELF_DESCRIPTION"


class Collateral(StrEnum):
    """Whether the source says that the product itself secures the debt."""

    THIS_PRODUCT = "THIS_PRODUCT"
    SOME_DATA_ASSET_OF_THE_HOLDER = "SOME_DATA_ASSET_OF_THE_HOLDER"


class Story(StrEnum):
    """What a sample case shows once the register is loaded."""

    SOURCE_AUTHORISATION_ENDED = "SOURCE_AUTHORISATION_ENDED"
    REVOKED = "REVOKED"
    CANCELLED = "CANCELLED"
    FROZEN = "FROZEN"
    PLEDGED = "PLEDGED"
    EXCLUSIVELY_LICENSED = "EXCLUSIVELY_LICENSED"
    OFFERED = "OFFERED"
    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    UNDER_EXAMINATION = "UNDER_EXAMINATION"
    CORRECTION_REQUIRED = "CORRECTION_REQUIRED"
    ANNOUNCED = "ANNOUNCED"
    READY = "READY"


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name the file may not misspell: an unknown key is an error, not a silence."""


class Member(Shape, frozen=True):
    """A person who acts for a party; `subject` is that of the sign-in token."""

    subject: Text
    name: Text
    name_en: Text
    roles: tuple[Role, ...]


class Party(Shape, frozen=True):
    """`name_is_short`: the name as published is no full legal name.

    `uscc` is the unified social credit code. Without members, the party acts by itself.
    """

    key: Text
    name: Text
    name_en: Text
    roles: tuple[Role, ...]
    kind: PartyKind = PartyKind.ORGANISATION
    name_is_short: bool = False
    uscc: Text | None = None
    members: tuple[Member, ...] = ()


class Product(Shape, frozen=True):
    name: Text
    name_en: Text
    kind: ProductKind
    kind_basis: Basis
    kind_reason: Text | None = None
    industry: Text | None = None
    region: Text | None = None


class Source(Shape, frozen=True):
    title: Text | None = None
    url: Text | None = None
    published: ReportedDate | None = None

    def __post_init__(self) -> None:
        if self.title is None and self.url is None:
            raise ValueError("A source needs a title or an address.")


class Authority(Shape, frozen=True):
    name: Text
    basis: Basis


class ReportedListing(Shape, frozen=True):
    exchange: Text
    date: ReportedDate | None = None


class ReportedPledge(Shape, frozen=True):
    """`counted_in` names the case whose amount is the total that includes this pledge."""

    form: Text
    collateral: Collateral
    lender: Text | None = None
    amount_minor: AmountMinor | None = None
    counted_in: Text | None = None
    date: ReportedDate | None = None
    note: Text | None = None


class ReportedTrade(Shape, frozen=True):
    note: Text
    buyer: Text | None = None
    amount_minor: AmountMinor | None = None
    date: ReportedDate | None = None


class ReportedDispute(Shape, frozen=True):
    court: Text
    case_number: Text
    outcome: Text


class Facts(Shape, frozen=True):
    """What the sources say, in our own words; absent means not stated."""

    regime: Regime
    reliability: Reliability
    sources: tuple[Source, ...]
    authority: Authority | None = None
    registered: ReportedDate | None = None
    certificate_number: Text | None = None
    certificate_count: int | None = None
    listing: ReportedListing | None = None
    pledge: ReportedPledge | None = None
    trade: ReportedTrade | None = None
    dispute: ReportedDispute | None = None
    valuation_minor: AmountMinor | None = None
    source_authorised_by: Text | None = None
    notes: tuple[Text, ...] = ()
    caveats: tuple[Text, ...] = ()


class SampleListing(Shape, frozen=True):
    """`exchange` is given only where no source names one."""

    listed_on: date
    exchange: Text | None = None


class SamplePledge(Shape, frozen=True):
    """`lender` and `amount_minor` are given only where no source gives them for this product."""

    placed_on: date
    matures_on: date
    lender: Text | None = None
    amount_minor: AmountMinor | None = None


class SampleLicense(Shape, frozen=True):
    licensee: Text
    granted_on: date


class SampleOffer(Shape, frozen=True):
    """`territory` is an ISO 3166 code; each license under the offer has `term_months`."""

    published_on: date
    exclusivity: LicenseKind
    term_months: Annotated[int, msgspec.Meta(ge=1, le=36)]
    territory: Text
    field_of_use: Text
    price_minor: AmountMinor
    license: SampleLicense | None = None


class SampleRevocation(Shape, frozen=True):
    revoked_on: date
    article_7_item: ArticleSevenItem
    reason: Text


class SampleCancellation(Shape, frozen=True):
    cancelled_on: date
    reason: Text


class SampleFreeze(Shape, frozen=True):
    frozen_on: date
    until: date
    ordered_by: Text
    instrument: Text


class SampleObjection(Shape, frozen=True):
    objector: Text
    raised_days_before_loading: Annotated[int, msgspec.Meta(ge=0)]
    article_7_item: ArticleSevenItem
    statement: Text


class Additions(Shape, frozen=True):
    """What no source says. Cases that must be under way on the day of loading count days back.

    `filed_on` is the day the application is drafted and, unless the story is DRAFT, submitted.
    `source_authorised_until` is half open: the first day on which the source is not authorised.
    """

    summary: Text
    data_source: Text
    update_frequency: UpdateFrequency
    filed_on: date | None = None
    filed_days_before_loading: Annotated[int, msgspec.Meta(ge=0)] | None = None
    industry: Text | None = None
    source_authorised_until: date | None = None
    listing: SampleListing | None = None
    pledge: SamplePledge | None = None
    offers: tuple[SampleOffer, ...] = ()
    revocation: SampleRevocation | None = None
    cancellation: SampleCancellation | None = None
    freeze: SampleFreeze | None = None
    correction: Text | None = None
    objection: SampleObjection | None = None

    def __post_init__(self) -> None:
        if (self.filed_on is None) == (self.filed_days_before_loading is None):
            raise ValueError("A case is filed on a day or some days before loading, not both.")


class Case(Shape, frozen=True):
    """One product on its way. Without `facts`, all of it is sample and `story` says what for."""

    id: Text
    product: Product
    holder: Text
    sample: Additions
    facts: Facts | None = None
    story: Story | None = None

    def __post_init__(self) -> None:
        if (self.facts is None) == (self.story is None):
            raise ValueError(f"{self.id}: a case has either facts or a story.")

    def filing_day(self, loading_day: date) -> date:
        if self.sample.filed_on is not None:
            return self.sample.filed_on
        assert self.sample.filed_days_before_loading is not None, self.id
        return loading_day - timedelta(days=self.sample.filed_days_before_loading)

    @property
    def industry(self) -> str:
        industry = self.product.industry or self.sample.industry
        assert industry is not None, self.id
        return industry

    @property
    def exchange(self) -> str | None:
        """The party to list on; None when the case has no listing to load."""
        if self.sample.listing is None:
            return None
        reported = self.facts.listing if self.facts else None
        return reported.exchange if reported else self.sample.listing.exchange

    @property
    def lender(self) -> str | None:
        """The party to pledge to; None when the case has no pledge to load."""
        if self.sample.pledge is None:
            return None
        reported = self.facts.pledge.lender if self.facts and self.facts.pledge else None
        return reported or self.sample.pledge.lender

    @property
    def pledged_amount_minor(self) -> int | None:
        """CNY fen. A sample amount stands for a missing one, or for this case's part of a total."""
        if self.sample.pledge is None:
            return None
        reported = self.facts.pledge.amount_minor if self.facts and self.facts.pledge else None
        return self.sample.pledge.amount_minor or reported


class SampleRegister(Shape, frozen=True):
    about: Text
    reported_parties: tuple[Party, ...]
    sample_parties: tuple[Party, ...]
    reported_cases: tuple[Case, ...]
    sample_cases: tuple[Case, ...]

    @property
    def parties(self) -> tuple[Party, ...]:
        return self.reported_parties + self.sample_parties

    @property
    def cases(self) -> tuple[Case, ...]:
        return self.reported_cases + self.sample_cases


def read_cases() -> SampleRegister:
    """The register as shipped. An unknown key or a malformed value raises ValidationError."""
    text = resources.files("api.sample").joinpath("register.json").read_bytes()
    return msgspec.json.decode(text, type=SampleRegister)
