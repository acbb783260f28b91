"""What the parties of the demo send: each act and each question as a GraphQL document."""

from typing import NamedTuple

# Of a record that an act gives back, what is worth telling.
RECORDS = {
    "application": "id status correctionDueAt",
    "announcement": "id status closesAt",
    "objection": "id status decisionDueAt",
    "certificate": "id number effectiveStatus effectiveEnd bindingLimit version",
    "consent": "id operation standing longestMonths proceedsTo",
    "listing": "id mode status",
    "offer": "id kind effectiveStatus grantable",
    "negotiation": "id status",
    "license": "id kind effectiveStatus effectiveEnd bindingLimit",
    "pledge": "id status rank maturesOn",
    "upload": "url expiresAt",
}
USER_ERRORS = "userErrors { code message path cure record { kind id } }"
REASONS = "verdict reasons { code message cure } asOf certificateVersion"


class Act(NamedTuple):
    """The input type of a mutation, and the record it gives back."""

    input_type: str
    record: str


ACTS = {
    "requestUpload": Act("RequestUploadInput", "upload"),
    "draftApplication": Act("DraftApplicationInput", "application"),
    "amendApplication": Act("AmendApplicationInput", "application"),
    "attachDocument": Act("AttachDocumentInput", "application"),
    "submitApplication": Act("ApplicationInput", "application"),
    "beginExamination": Act("ApplicationInput", "application"),
    "requestCorrection": Act("RequestCorrectionInput", "application"),
    "resubmitApplication": Act("ApplicationInput", "application"),
    "passFormalities": Act("ApplicationInput", "application"),
    "refuseApplication": Act("RefuseApplicationInput", "application"),
    "withdrawApplication": Act("ApplicationInput", "application"),
    "announceApplication": Act("AnnounceApplicationInput", "announcement"),
    "raiseObjection": Act("RaiseObjectionInput", "objection"),
    "decideObjection": Act("DecideObjectionInput", "objection"),
    "issueCertificate": Act("IssueCertificateInput", "certificate"),
    "cancelCertificate": Act("CancelCertificateInput", "certificate"),
    "giveConsent": Act("GiveConsentInput", "consent"),
    "requestListing": Act("RequestListingInput", "listing"),
    "admitListing": Act("ListingInput", "listing"),
    "publishOffer": Act("PublishOfferInput", "offer"),
    "requestLicense": Act("RequestLicenseInput", "negotiation"),
    "grantLicense": Act("GrantLicenseInput", "license"),
    "placePledge": Act("PlacePledgeInput", "pledge"),
    "confirmPledge": Act("ConfirmPledgeInput", "pledge"),
    "releasePledge": Act("ReleasePledgeInput", "pledge"),
}


def document_of(act: str) -> str:
    """The document of a mutation; its one variable is `input`."""
    input_type, record = ACTS[act]
    asked = f"{record} {{ {RECORDS[record]} }} {USER_ERRORS}"
    return f"mutation Do($input: {input_type}!) {{ {act}(input: $input) {{ {asked} }} }}"


QUESTIONS = {
    "me": "query { me { id name nameEn } }",
    "myApplications": """query ($status: [ApplicationStatus!]) {
        myApplications(first: 100, status: $status) { nodes { id name status } } }""",
    "examinerQueue": """query {
        examinerQueue(first: 100, status: [SUBMITTED]) { nodes { id name status } } }""",
    "gazette": """query {
        gazette(first: 100, status: [OPEN]) { nodes { id name applicantName closesAt } } }""",
    "certificate": """query ($number: String!) {
        certificate(by: {number: $number}) {
            id number productName effectiveStatus effectiveEnd bindingLimit version
            holder { name } encumbrances { id kind } } }""",
    "certificates": """query ($filter: CertificateFilterInput) {
        certificates(filter: $filter, first: 20) {
            nodes { id number productName effectiveStatus effectiveEnd version } } }""",
    "listingEligibility": f"""query ($number: String!, $exchangeId: ID!) {{
        listingEligibility(by: {{number: $number}}, exchangeId: $exchangeId, mode: LICENSING)
        {{ {REASONS} }} }}""",
    "offers": """query ($certificateId: ID!) {
        offers(filter: {certificateId: $certificateId, grantable: true}) {
            nodes { id kind grantable price { amountMinor currency } } } }""",
    "licenseGrantability": f"""query ($input: LicenseGrantabilityInput!) {{
        licenseGrantability(input: $input) {{ {REASONS} }} }}""",
    "collateralReport": f"""query ($number: String!, $maturesOn: Day!) {{
        collateralReport(by: {{number: $number}}, maturesOn: $maturesOn) {{
            effectiveStatus effectiveEnd bindingLimit rankIfRegisteredNow ledgerPosition
            pledges {{ rank maturesOn pledgee {{ name }} }}
            feasibility {{ {REASONS} }} }} }}""",
}
