"""Every refusal code, with the law or rule it rests on and how to cure it.

Codes are never renamed; sentences may be.
"""

from dataclasses import dataclass
from enum import StrEnum


class RefusalCode(StrEnum):
    """Why the registry declined an act. In the order of the rulebook's chapters."""

    # 0. What holds for every act.
    NOT_AUTHORISED = "NOT_AUTHORISED"
    RECORD_NOT_FOUND = "RECORD_NOT_FOUND"
    TEXT_MISSING = "TEXT_MISSING"
    TEXT_TOO_LONG = "TEXT_TOO_LONG"
    TEXT_UNPRINTABLE = "TEXT_UNPRINTABLE"
    IDEMPOTENCY_KEY_MALFORMED = "IDEMPOTENCY_KEY_MALFORMED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    ILLEGAL_TRANSITION = "ILLEGAL_TRANSITION"
    LEDGER_FROZEN = "LEDGER_FROZEN"
    # 1. Parties.
    OFFICE_ALREADY_FOUNDED = "OFFICE_ALREADY_FOUNDED"
    USCC_INVALID = "USCC_INVALID"
    USCC_NOT_FOR_A_PERSON = "USCC_NOT_FOR_A_PERSON"
    USCC_TAKEN = "USCC_TAKEN"
    OFFICE_ROLE_RESERVED = "OFFICE_ROLE_RESERVED"
    ROLE_NOT_ADMITTED = "ROLE_NOT_ADMITTED"
    MEMBER_ALREADY_ADMITTED = "MEMBER_ALREADY_ADMITTED"
    # 2. Documents.
    DOCUMENT_EMPTY = "DOCUMENT_EMPTY"
    DOCUMENT_TOO_LARGE = "DOCUMENT_TOO_LARGE"
    DOCUMENT_TYPE_NOT_ACCEPTED = "DOCUMENT_TYPE_NOT_ACCEPTED"
    NOT_THE_DEPOSITOR = "NOT_THE_DEPOSITOR"
    # 3. Applications.
    NOT_THE_APPLICANT = "NOT_THE_APPLICANT"
    APPLICATION_INCOMPLETE = "APPLICATION_INCOMPLETE"
    DOCUMENT_MISSING = "DOCUMENT_MISSING"
    SOURCE_AUTHORISATION_ENDED = "SOURCE_AUTHORISATION_ENDED"
    DUPLICATE_APPLICATION = "DUPLICATE_APPLICATION"
    RESUBMISSION_BARRED = "RESUBMISSION_BARRED"
    CONFLICT_OF_INTEREST = "CONFLICT_OF_INTEREST"
    CORRECTION_ROUNDS_EXHAUSTED = "CORRECTION_ROUNDS_EXHAUSTED"
    CORRECTION_OVERDUE = "CORRECTION_OVERDUE"
    CORRECTION_UNCHANGED = "CORRECTION_UNCHANGED"
    # 4. Announcements.
    ANNOUNCEMENT_CLOSED = "ANNOUNCEMENT_CLOSED"
    OBJECTOR_IS_APPLICANT = "OBJECTOR_IS_APPLICANT"
    EVIDENCE_MISSING = "EVIDENCE_MISSING"
    OBJECTION_ALREADY_RAISED = "OBJECTION_ALREADY_RAISED"
    NOT_THE_OBJECTOR = "NOT_THE_OBJECTOR"
    # 5. Certificates, their encumbrances and consents.
    ANNOUNCEMENT_RUNNING = "ANNOUNCEMENT_RUNNING"
    OBJECTION_OPEN = "OBJECTION_OPEN"
    PRODUCT_ALREADY_CERTIFIED = "PRODUCT_ALREADY_CERTIFIED"
    CERTIFICATE_NOT_ACTIVE = "CERTIFICATE_NOT_ACTIVE"
    CERTIFICATE_EXPIRED = "CERTIFICATE_EXPIRED"
    CERTIFICATE_HAS_MOVED_ON = "CERTIFICATE_HAS_MOVED_ON"
    NOT_THE_HOLDER = "NOT_THE_HOLDER"
    ENCUMBRANCE_FORBIDS = "ENCUMBRANCE_FORBIDS"
    CONSENT_MISSING = "CONSENT_MISSING"
    NOT_THE_PROTECTED_PARTY = "NOT_THE_PROTECTED_PARTY"
    ENCUMBRANCE_LIFTED = "ENCUMBRANCE_LIFTED"
    CONSENT_NOT_FORESEEN = "CONSENT_NOT_FORESEEN"
    PERIOD_OVER = "PERIOD_OVER"
    # 6. Listings.
    NOT_AN_EXCHANGE = "NOT_AN_EXCHANGE"
    NOT_THE_EXCHANGE = "NOT_THE_EXCHANGE"
    ALREADY_LISTED = "ALREADY_LISTED"
    TITLE_SALE_ELSEWHERE = "TITLE_SALE_ELSEWHERE"
    # 7. Offers and licenses.
    PERIOD_EMPTY = "PERIOD_EMPTY"
    SCOPE_MALFORMED = "SCOPE_MALFORMED"
    PRICE_NEGATIVE = "PRICE_NEGATIVE"
    OFFER_NOT_OPEN = "OFFER_NOT_OPEN"
    OUTSIDE_THE_OFFER = "OUTSIDE_THE_OFFER"
    LICENSE_OUTLIVES_CERTIFICATE = "LICENSE_OUTLIVES_CERTIFICATE"
    EXCLUSIVITY_CONFLICT = "EXCLUSIVITY_CONFLICT"
    LICENSEE_IS_LICENSOR = "LICENSEE_IS_LICENSOR"
    NEGOTIATION_ALREADY_OPEN = "NEGOTIATION_ALREADY_OPEN"
    NOT_THE_LICENSOR = "NOT_THE_LICENSOR"
    NOT_THE_LICENSEE = "NOT_THE_LICENSEE"
    NOT_A_PARTY_TO_THE_LICENSE = "NOT_A_PARTY_TO_THE_LICENSE"
    LICENSE_NOT_IN_FORCE = "LICENSE_NOT_IN_FORCE"
    # 8. Pledges.
    NOT_A_LENDER = "NOT_A_LENDER"
    PLEDGOR_IS_PLEDGEE = "PLEDGOR_IS_PLEDGEE"
    AMOUNT_NOT_POSITIVE = "AMOUNT_NOT_POSITIVE"
    MATURITY_IN_THE_PAST = "MATURITY_IN_THE_PAST"
    PLEDGE_OUTLIVES_CERTIFICATE = "PLEDGE_OUTLIVES_CERTIFICATE"
    JUNIOR_PLEDGE_NOT_ALLOWED = "JUNIOR_PLEDGE_NOT_ALLOWED"
    NOT_THE_PLEDGEE = "NOT_THE_PLEDGEE"
    NOT_THE_PLEDGOR = "NOT_THE_PLEDGOR"
    # 9. Erasing.
    FACT_NOT_RECORDED = "FACT_NOT_RECORDED"
    FACT_MUST_STAY = "FACT_MUST_STAY"


@dataclass(frozen=True, slots=True)
class Finding:
    """What stands behind a code: the legal basis, and what would cure it."""

    basis: str
    cure: str


MEASURES = "Shanghai Interim Measures for the Registration of Data Product IP"
CIVIL_CODE = "Civil Code"
REGISTER = "Rules of the register"

_CODE = RefusalCode

FINDINGS: dict[RefusalCode, Finding] = {
    _CODE.NOT_AUTHORISED: Finding(
        f"{REGISTER}, 0.1", "Sign in as a member who acts in one of the roles named."
    ),
    _CODE.RECORD_NOT_FOUND: Finding(
        f"{REGISTER}, 0.2", "Check the identifier, and sign in as a party the record is open to."
    ),
    _CODE.TEXT_MISSING: Finding(f"{REGISTER}, 0.3", "Fill in the field."),
    _CODE.TEXT_TOO_LONG: Finding(f"{REGISTER}, 0.3", "Shorten the text."),
    _CODE.TEXT_UNPRINTABLE: Finding(f"{REGISTER}, 0.7", "Take the control characters out."),
    _CODE.IDEMPOTENCY_KEY_MALFORMED: Finding(
        f"{REGISTER}, 0.6", "Send a key of 8 to 128 printable ASCII characters, such as a UUID."
    ),
    _CODE.IDEMPOTENCY_KEY_REUSED: Finding(
        f"{REGISTER}, 0.4", "Repeat the first input unchanged, or choose a new key."
    ),
    _CODE.ILLEGAL_TRANSITION: Finding(
        f"{REGISTER}, 0.5", "Look at the record's present status and take an act it allows."
    ),
    _CODE.LEDGER_FROZEN: Finding(
        f"{REGISTER}, 0.8", "Act again once the ledger's successor has been begun."
    ),
    _CODE.OFFICE_ALREADY_FOUNDED: Finding(
        f"{REGISTER}, 1.0", "Sign in as the registrar of the office that exists."
    ),
    _CODE.USCC_INVALID: Finding(
        "GB 32100-2015, unified social credit code", "Correct the code or leave it out."
    ),
    _CODE.USCC_NOT_FOR_A_PERSON: Finding(
        "GB 32100-2015, unified social credit code", "Leave the code out for a natural person."
    ),
    _CODE.USCC_TAKEN: Finding(
        f"{REGISTER}, 1.1", "Act for the party that already carries this code."
    ),
    _CODE.OFFICE_ROLE_RESERVED: Finding(
        f"{REGISTER}, 1.1", "Leave the office's own roles to the office."
    ),
    _CODE.ROLE_NOT_ADMITTED: Finding(
        f"{REGISTER}, 1.3", "Ask the registrar to admit the party to the role first."
    ),
    _CODE.MEMBER_ALREADY_ADMITTED: Finding(
        f"{REGISTER}, 1.3", "Use the existing membership, or dismiss it first."
    ),
    _CODE.DOCUMENT_EMPTY: Finding(f"{REGISTER}, 2.1", "Upload a file with content."),
    _CODE.DOCUMENT_TOO_LARGE: Finding(f"{REGISTER}, 2.4", "Upload a smaller file."),
    _CODE.DOCUMENT_TYPE_NOT_ACCEPTED: Finding(
        f"{REGISTER}, 2.1", "Upload PDF, DOCX, PNG, JPEG or plain text in UTF-8."
    ),
    _CODE.NOT_THE_DEPOSITOR: Finding(
        f"{REGISTER}, 2.2", "Attach a document that your own party has uploaded."
    ),
    _CODE.NOT_THE_APPLICANT: Finding(f"{MEASURES}, Art. 2", "Sign in for the applicant."),
    _CODE.APPLICATION_INCOMPLETE: Finding(f"{MEASURES}, Art. 5", "Complete the field."),
    _CODE.DOCUMENT_MISSING: Finding(f"{MEASURES}, Art. 5", "Upload and attach the document."),
    _CODE.SOURCE_AUTHORISATION_ENDED: Finding(
        f"{MEASURES}, Art. 7(3)", "Renew the authorisation of the source data first."
    ),
    _CODE.DUPLICATE_APPLICATION: Finding(
        f"{MEASURES}, Art. 7(6)", "Continue the earlier application or certificate."
    ),
    _CODE.RESUBMISSION_BARRED: Finding(f"{MEASURES}, Art. 7(6)", "Wait until the bar has ended."),
    _CODE.CONFLICT_OF_INTEREST: Finding(
        f"{MEASURES}, Art. 4", "Leave the case to a member of the office who has no part in it."
    ),
    _CODE.CORRECTION_ROUNDS_EXHAUSTED: Finding(
        f"{REGISTER}, 3.6", "Decide the application as it stands."
    ),
    _CODE.CORRECTION_OVERDUE: Finding(
        f"{REGISTER}, 3.7", "File a new application: this one is deemed withdrawn."
    ),
    _CODE.CORRECTION_UNCHANGED: Finding(
        f"{REGISTER}, 3.7", "Change what the office asked for before resubmitting."
    ),
    _CODE.ANNOUNCEMENT_CLOSED: Finding(
        f"{MEASURES}, announcement", "Ask the office to revoke, if a ground of Art. 7 exists."
    ),
    _CODE.OBJECTOR_IS_APPLICANT: Finding(
        f"{MEASURES}, objection", "Withdraw the application instead."
    ),
    _CODE.EVIDENCE_MISSING: Finding(
        f"{MEASURES}, objection", "Upload evidence and name it in the objection."
    ),
    _CODE.OBJECTION_ALREADY_RAISED: Finding(
        f"{MEASURES}, objection", "Wait for the decision on the objection already raised."
    ),
    _CODE.NOT_THE_OBJECTOR: Finding(f"{MEASURES}, objection", "Sign in for the objector."),
    _CODE.ANNOUNCEMENT_RUNNING: Finding(
        f"{MEASURES}, announcement", "Wait until the announcement has closed."
    ),
    _CODE.OBJECTION_OPEN: Finding(f"{MEASURES}, objection", "Decide the objection first."),
    _CODE.PRODUCT_ALREADY_CERTIFIED: Finding(
        f"{MEASURES}, Art. 7(6)", "Use the certificate already issued."
    ),
    _CODE.CERTIFICATE_NOT_ACTIVE: Finding(
        f"{CIVIL_CODE} Art. 865 by analogy", "None: the certificate has been ended for good."
    ),
    _CODE.CERTIFICATE_EXPIRED: Finding(
        f"{CIVIL_CODE} Art. 865 by analogy", "Register the product anew."
    ),
    _CODE.CERTIFICATE_HAS_MOVED_ON: Finding(
        f"{REGISTER}, 5.4", "Read the certificate again and act on its present version."
    ),
    _CODE.NOT_THE_HOLDER: Finding(f"{CIVIL_CODE} Art. 440", "Sign in for the holder."),
    _CODE.ENCUMBRANCE_FORBIDS: Finding(
        f"{CIVIL_CODE} Art. 444; Patent Rules Art. 86 and 105 by analogy",
        "Wait until the encumbrance is lifted, or choose terms it does not touch.",
    ),
    _CODE.CONSENT_MISSING: Finding(
        f"{CIVIL_CODE} Art. 444", "Obtain the consent of the party the encumbrance protects."
    ),
    _CODE.NOT_THE_PROTECTED_PARTY: Finding(
        f"{CIVIL_CODE} Art. 444", "Leave the consent to the party the encumbrance protects."
    ),
    _CODE.ENCUMBRANCE_LIFTED: Finding(
        f"{CIVIL_CODE} Art. 393", "None needed: the encumbrance no longer binds."
    ),
    _CODE.CONSENT_NOT_FORESEEN: Finding(
        f"{CIVIL_CODE} Art. 444", "Consent only to acts that need this party's consent."
    ),
    _CODE.PERIOD_OVER: Finding(
        f"{REGISTER}, 5.11 and 5.13", "Name an end that lies in the future."
    ),
    _CODE.NOT_AN_EXCHANGE: Finding(
        "Shanghai Data Regulations, Art. 67", "Choose a party admitted as an exchange."
    ),
    _CODE.NOT_THE_EXCHANGE: Finding(
        "Shanghai Data Regulations, Art. 67", "Sign in for the exchange of the listing."
    ),
    _CODE.ALREADY_LISTED: Finding(f"{REGISTER}, 6.1", "Use the listing already there."),
    _CODE.TITLE_SALE_ELSEWHERE: Finding(
        f"{REGISTER}, 6.1", "Delist the title sale on the other exchange first."
    ),
    _CODE.PERIOD_EMPTY: Finding(
        f"{CIVIL_CODE} Art. 863", "Name a period that ends after it begins and lies ahead."
    ),
    _CODE.SCOPE_MALFORMED: Finding(
        f"{REGISTER}, 7.9",
        "Name at most 40 territories by ISO 3166 code, such as CN or CN-SH, and at most 40 uses "
        "of up to 80 characters without commas.",
    ),
    _CODE.PRICE_NEGATIVE: Finding(f"{CIVIL_CODE} Art. 845", "Name a price of zero or more."),
    _CODE.OFFER_NOT_OPEN: Finding(
        f"{CIVIL_CODE} Art. 476 and 478", "Choose an offer that is published and open."
    ),
    _CODE.OUTSIDE_THE_OFFER: Finding(
        f"{CIVIL_CODE} Art. 488", "Ask for terms that lie inside the offer."
    ),
    _CODE.LICENSE_OUTLIVES_CERTIFICATE: Finding(
        f"{CIVIL_CODE} Art. 865 by analogy", "End the license with the certificate or before."
    ),
    _CODE.EXCLUSIVITY_CONFLICT: Finding(
        "SPC Technology Contract Interpretation, Art. 25",
        "Choose a period, territory or field of use that does not overlap, or await its end.",
    ),
    _CODE.LICENSEE_IS_LICENSOR: Finding(
        f"{CIVIL_CODE} Art. 862", "A holder needs no license under its own certificate."
    ),
    _CODE.NEGOTIATION_ALREADY_OPEN: Finding(
        f"{REGISTER}, 7.3", "Wait for the answer to the request already made."
    ),
    _CODE.NOT_THE_LICENSOR: Finding(f"{CIVIL_CODE} Art. 862", "Sign in for the licensor."),
    _CODE.NOT_THE_LICENSEE: Finding(f"{CIVIL_CODE} Art. 862", "Sign in for the licensee."),
    _CODE.NOT_A_PARTY_TO_THE_LICENSE: Finding(
        f"{CIVIL_CODE} Art. 465", "Sign in for the licensor or the licensee."
    ),
    _CODE.LICENSE_NOT_IN_FORCE: Finding(
        f"{CIVIL_CODE} Art. 557", "None needed: the license has already ended."
    ),
    _CODE.NOT_A_LENDER: Finding(f"{REGISTER}, 8.1", "Name a pledgee that is admitted as a lender."),
    _CODE.PLEDGOR_IS_PLEDGEE: Finding(
        f"{CIVIL_CODE} Art. 425", "Name a pledgee other than the pledgor."
    ),
    _CODE.AMOUNT_NOT_POSITIVE: Finding(
        f"{CIVIL_CODE} Art. 427", "Name a secured amount greater than zero."
    ),
    _CODE.MATURITY_IN_THE_PAST: Finding(
        f"{CIVIL_CODE} Art. 427", "Name a maturity that lies in the future."
    ),
    _CODE.PLEDGE_OUTLIVES_CERTIFICATE: Finding(
        "Patent Pledge Registration Measures by analogy",
        "Let the debt fall due before the collateral ends.",
    ),
    _CODE.JUNIOR_PLEDGE_NOT_ALLOWED: Finding(
        f"{CIVIL_CODE} Art. 414; the rule profile", "Await the release of the senior pledge."
    ),
    _CODE.NOT_THE_PLEDGEE: Finding(f"{CIVIL_CODE} Art. 427", "Sign in for the pledgee."),
    _CODE.NOT_THE_PLEDGOR: Finding(f"{CIVIL_CODE} Art. 427", "Sign in for the pledgor."),
    _CODE.FACT_NOT_RECORDED: Finding(
        f"{REGISTER}, 9.1", "Name facts as they stand in the event's history."
    ),
    _CODE.FACT_MUST_STAY: Finding(
        f"{REGISTER}, 9.1", "Leave out what every proof of the certificate rests on."
    ),
}
