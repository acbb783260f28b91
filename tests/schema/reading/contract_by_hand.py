"""What leads where in the contract, by hand: records to tables, fields to other records."""

# A page's order: the column of the instant, and whether the newest comes first. Then the id.
ORDERS = {
    "Application": ("created_at", True),
    "Announcement": ("published_at", True),
    "Certificate": ("issued_at", True),
    "Listing": ("requested_at", True),
    "Offer": ("published_at", True),
    "License": ("granted_at", True),
    "Negotiation": ("requested_at", True),
    "Pledge": ("placed_at", True),
    "Encumbrance": ("since", False),
    "Consent": ("given_at", False),
    "Objection": ("raised_at", False),
    "Member": ("admitted_at", False),
}
TABLES = {
    "Party": "parties",
    "Member": "members",
    "Document": "documents",
    "Application": "applications",
    "Announcement": "announcements",
    "Objection": "objections",
    "Certificate": "certificates",
    "Encumbrance": "encumbrances",
    "Consent": "consents",
    "Freeze": "freezes",
    "Listing": "listings",
    "Offer": "offers",
    "Negotiation": "negotiations",
    "License": "licenses",
    "Pledge": "pledges",
}
# By type and field: the type it leads to and the column that holds the other's id.
TO_ONE = {
    ("Announcement", "applicant"): ("Party", "applicant_id"),
    ("Announcement", "application"): ("Application", "application_id"),
    ("Application", "applicant"): ("Party", "applicant_id"),
    ("Application", "announcement"): ("Announcement", "announcement_id"),
    ("ApplicationDocument", "document"): ("Document", "document_id"),
    ("Certificate", "holder"): ("Party", "holder_id"),
    ("Certificate", "application"): ("Application", "application_id"),
    ("Consent", "giver"): ("Party", "given_by"),
    ("Consent", "counterparty"): ("Party", "counterparty_id"),
    ("Consent", "encumbrance"): ("Encumbrance", "encumbrance_id"),
    ("Document", "depositor"): ("Party", "depositor_id"),
    ("Encumbrance", "protectedParty"): ("Party", "protects"),
    ("Encumbrance", "certificate"): ("Certificate", "certificate_id"),
    ("Freeze", "certificate"): ("Certificate", "certificate_id"),
    ("License", "certificate"): ("Certificate", "certificate_id"),
    ("License", "licensee"): ("Party", "licensee_id"),
    ("License", "negotiation"): ("Negotiation", "negotiation_id"),
    ("Listing", "certificate"): ("Certificate", "certificate_id"),
    ("Listing", "exchange"): ("Party", "exchange_id"),
    ("Negotiation", "offer"): ("Offer", "offer_id"),
    ("Negotiation", "licensee"): ("Party", "licensee_id"),
    ("Objection", "announcement"): ("Announcement", "announcement_id"),
    ("Objection", "objector"): ("Party", "objector_id"),
    ("Offer", "certificate"): ("Certificate", "certificate_id"),
    ("Pledge", "certificate"): ("Certificate", "certificate_id"),
    ("Pledge", "pledgor"): ("Party", "pledgor_id"),
    ("Pledge", "pledgee"): ("Party", "pledgee_id"),
}
# By type and field: the type it leads to and that one's column that holds the id of this one.
TO_MANY = {
    ("Announcement", "objections"): ("Objection", "announcement_id"),
    ("Certificate", "encumbrances"): ("Encumbrance", "certificate_id"),
    ("Certificate", "consents"): ("Consent", "certificate_id"),
    ("Certificate", "pledges"): ("Pledge", "certificate_id"),
    ("Certificate", "listings"): ("Listing", "certificate_id"),
    ("Certificate", "offers"): ("Offer", "certificate_id"),
    ("Offer", "negotiations"): ("Negotiation", "offer_id"),
    ("Party", "members"): ("Member", "party_id"),
}
AMOUNTS = {
    ("Offer", "price"): ("price_minor", "price_currency"),
    ("License", "price"): ("price_minor", "price_currency"),
    ("Consent", "lowestPrice"): ("lowest_price_minor", "lowest_price_currency"),
    ("Pledge", "securedAmount"): ("amount_minor", "currency"),
}
RENAMED = {
    ("Certificate", "lifecycle"): "status",
    ("Offer", "lifecycle"): "status",
    ("License", "lifecycle"): "status",
}
FINDERS = {
    "party": "Party",
    "document": "Document",
    "application": "Application",
    "announcement": "Announcement",
    "listing": "Listing",
    "pledge": "Pledge",
}
