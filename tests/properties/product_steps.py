"""Steps of registration: announce a product, object to it, decide, withdraw, issue."""

from datetime import timedelta

from services.announcements.actions import decide_objection, raise_objection
from services.announcements.model import Decision, DecisionTerms, ObjectionTerms
from services.applications.actions import withdraw_application
from services.applications.model import RefusalGround
from services.certificates.actions import issue_certificate
from tests.properties import foretold
from tests.properties.extents import today
from tests.properties.paper import Objection, Product
from tests.properties.playing import By, Playing, step
from tests.properties.world import announced_product, product_of, title_of
from tests.titles import deposit

GROUNDS = (RefusalGround.OWNERSHIP_DISPUTED, RefusalGround.UNLAWFULLY_OBTAINED)
MOST_PRODUCTS = 3  # In one run: to announce one takes a dozen acts.
SOURCED_FOR = timedelta(days=90)


class ProductSteps(Playing):
    """What happens before there is a certificate."""

    @step(2, of=lambda self: range(MOST_PRODUCTS - len(self.paper.products)))
    def announce_another(self, by: By, _left: int) -> None:
        """Its data may be used without an end, or for some months only."""
        until = today(self.now) + SOURCED_FOR if by.which else None
        office, holder = self.actors["office"], self.actors["holder"]
        name = f"product {len(self.paper.products)}"
        work = announced_product(self.registry, office, holder, name, until)
        self.paper.products.append(product_of(*self.runner.run(work)))
        self.is_settled = False

    @step(
        3,
        of=lambda self: self.paper.products,
        waits=lambda self, product: self.now < product.closes and product.ended_at is None,
    )
    def object_to_product(self, by: By, product: Product) -> None:
        ground = GROUNDS[by.which % 2]
        actor = self.acting(by, self.actors["exchange"].party_id)
        reasons = foretold.to_object(actor, product, ground, self.now)
        evidence = self.runner.run(deposit(self.registry, actor, "evidence"))
        terms = ObjectionTerms(
            announcement_id=product.announcement,
            ground=ground,
            statement="It is ours.",
            document_ids=(evidence.id,),
        )
        if raised := self.create(reasons, raise_objection, actor, terms):
            objection = Objection(
                id=raised.id, product=product, objector=actor.party_id, ground=ground
            )
            product.objections.append(objection)

    @step(
        4,
        of=lambda self: [o for product in self.paper.products for o in product.objections],
        waits=lambda _, objection: objection.status == "FILED",
    )
    def decide_objection(self, by: By, objection: Objection) -> None:
        decision = Decision.UPHELD if by.which else Decision.DISMISSED
        actor, now = self.acting(by, None), self.now
        reasons = foretold.to_decide_objection(actor, objection)
        terms = DecisionTerms(objection_id=objection.id, decision=decision, reasons="As found.")
        if self.attempt(reasons, decide_objection, actor, terms):
            objection.status = decision
            if decision is Decision.UPHELD:
                objection.product.status, objection.product.ended_at = "REFUSED", now

    @step(1, of=lambda self: self.paper.products, waits=lambda _, product: product.ended_at is None)
    def withdraw_application(self, by: By, product: Product) -> None:
        actor, now = self.acting(by, product.applicant), self.now
        reasons = foretold.to_withdraw_application(actor, product)
        if self.attempt(reasons, withdraw_application, actor, product.id):
            product.status, product.ended_at = "WITHDRAWN", now

    @step(
        4,
        of=lambda self: self.paper.products,
        waits=lambda self, product: product.status == "ANNOUNCED" and self.now >= product.closes,
    )
    def issue_certificate(self, by: By, product: Product) -> None:
        actor = self.acting(by, None)
        reasons = foretold.to_issue(actor, product, self.now)
        if certificate := self.create(reasons, issue_certificate, actor, product.id):
            product.status = "REGISTERED"
            self.paper.titles.append(title_of(certificate, product.source_until))
