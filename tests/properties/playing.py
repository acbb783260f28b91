"""How a machine plays: its own register on a real file, an act at a time, checked after each."""

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ledger import Verified, verify
from ledger.formats.keys import Algorithm
from ledger.inspecting.fsck import Surroundings, inspect_fully
from ledger.inspecting.signers import Trust
from ledger.signing.key_file import SecretKey
from ledger.signing.sealing import Sealing
from services.actors import Actor
from services.clock import ManualClock
from services.refusals import Refusal, Refused
from tests.founding import ORIGIN, a_key, registry_on
from tests.ledger.sealing_log import sealing_by
from tests.ledger_counts import put_in_order
from tests.properties.book import open_book
from tests.properties.paper import Asked, Title
from tests.properties.promises import (
    broken_by_views,
    broken_promises,
    read_views,
    told_by_views,
    told_on_paper,
)
from tests.properties.world import ACTORS, World

T = TypeVar("T")

MOMENT = timedelta(microseconds=1)
SOON = timedelta(days=200)
SPANS = st.sampled_from(
    [timedelta(days=n) for n in (0.1, 0.1, 0.1, 1, 1, 1, 16, 16, 16, 30, 60, 365)]
)
IN_TIME = 5  # How much oftener a step is taken when something waits for it.


class By(NamedTuple):
    """How an act is done: who acts (None: whoever is right for it), on which of several records
    (0: the newest that waits for it), and how far what they have seen of the certificate is off.
    """

    who: str | None
    which: int
    seen: int


BY = st.builds(
    By,
    who=st.sampled_from([None] * 120 + list(ACTORS)),
    which=st.sampled_from([0] * 12 + [1] * 4 + [2, 3, 5]),
    seen=st.sampled_from([0] * 20 + [-1, 1]),
)


@dataclass(frozen=True, slots=True)
class Step:
    """What a machine may do next: how often, on which records, and with what it is asked."""

    times: int
    of: Callable[[Any], Sequence[Any]]
    waits: Callable[[Any, Any], bool]
    asked: st.SearchStrategy[dict[str, Any]]

    def weight(self, machine: Any) -> int:
        """A step for which nothing waits is taken too, but seldom."""
        things = self.of(machine)
        in_time = any(self.waits(machine, thing) for thing in things)
        return self.times * IN_TIME if in_time else min(len(things), 1)

    def chosen(self, machine: Any, which: int) -> Any:
        """One of the records, counted from those that wait, first of all on the title in focus,
        and from the newest.
        """

        def rank(thing: Any) -> tuple[bool, bool]:
            return not self.waits(machine, thing), title_of(thing) is not machine.focus

        newest_first = self.of(machine)[::-1]
        ordered = sorted(newest_first, key=rank)
        return ordered[which % len(ordered)]


def step(
    times: int,
    of: Callable[[Any], Sequence[Any]],
    waits: Callable[[Any, Any], bool] = lambda _machine, _thing: True,
    **asked: st.SearchStrategy[Any],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A method of a machine that one of these records can be taken through.

    One Hypothesis rule takes them all: a rule for each would be left out of half of the runs,
    and what takes several acts one after the other would hardly ever come about.
    """

    def marked(method: Callable[..., None]) -> Callable[..., None]:
        method.step = Step(times, of, waits, st.fixed_dictionaries(asked))
        return method

    return marked


def title_of(thing: Any) -> Title | None:
    """The title that a record is about, if it is about one."""
    return thing if isinstance(thing, Title) else getattr(thing, "title", None)


class Creation(NamedTuple):
    """An act that has created a record under a key."""

    act: Callable[..., Awaitable[Any]]
    actor: Actor
    asked: tuple[Any, ...]
    key: str
    created_id: str

    @property
    def title(self) -> None:
        """A key belongs to a party, whatever it was used for."""


class Moment(NamedTuple):
    """An instant at which something ends or begins, and the title it is about."""

    at: datetime
    title: Title | None


class Vain(NamedTuple):
    """A step that wanted a consent it did not have, and what was asked for with it."""

    name: str
    record: Any
    asked: dict[str, Any]
    wanted: Asked

    @property
    def title(self) -> Title:
        return self.wanted.title


class Playing(RuleBasedStateMachine):
    """A machine with a register, and the same register on paper.

    Every act comes a moment after the one before, so no two have the same instant.
    """

    def __init__(self, world: World) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.databases, self.database = world.databases, world.copied_to(self.folder)
        self.registry = registry_on(self.database, self.folder, ManualClock(world.now))
        self.book = open_book(self.database, self.runner)
        self.actors = world.actors
        self.paper = world.on_paper()
        self.signer = SecretKey(ORIGIN, Algorithm.ED25519, secrets.token_bytes(32))
        self.sealing = sealing_by(
            self.registry, self.folder / "guard" / "log", origin=ORIGIN, signers=[self.signer]
        )
        self.focus: Title | None = self.paper.titles[-1]
        self.creations: list[Creation] = []
        self.is_settled = False
        self.refused: list[Vain] = []
        self.steps: dict[str, Step] = {
            name: method.step
            for kind in reversed(type(self).__mro__)
            for name, method in vars(kind).items()
            if hasattr(method, "step")
        }

    @property
    def now(self) -> datetime:
        return self.registry.clock.now()

    @property
    def just_now(self) -> datetime:
        """Some acts ago. Whatever has ended since is still tried."""
        return self.now - 3 * MOMENT

    @rule(taken=st.runner().flatmap(lambda machine: machine.possible_steps()), by=BY)
    def something_happens(self, taken: tuple[str, dict[str, Any]], by: By) -> None:
        name, asked = taken
        self.take(name, by, self.steps[name].chosen(self, by.which), asked)

    def take(self, name: str, by: By, record: Any, asked: dict[str, Any]) -> None:
        before = len(self.paper.in_vain)
        getattr(self, name)(by, record, **asked)
        if len(self.paper.in_vain) > before:
            self.refused.append(Vain(name, record, asked, self.paper.in_vain[-1]))

    def possible_steps(self) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
        names = [name for name, each in self.steps.items() for _ in range(each.weight(self))]
        return st.sampled_from(names).flatmap(
            lambda name: st.tuples(st.just(name), self.steps[name].asked)
        )

    @step(4, of=lambda self: [self.registry.clock], span=SPANS)
    def time_passes(self, _by: By, _clock: Any, span: timedelta) -> None:
        self.registry.clock.advance(span)
        self.is_settled = False

    @step(4, of=lambda self: self.moments())
    def a_moment_comes(self, _by: By, moment: Moment) -> None:
        """The next acts are mostly about what it is about."""
        self.registry.clock.advance_to(moment.at.astimezone(UTC))
        self.focus = moment.title or self.focus
        self.is_settled = False

    def moments(self) -> list[Moment]:
        """What will soon end or begin, the next one last.

        Before each comes the instant just before it.
        """
        paper = self.paper
        moments = (
            [Moment(title.until, title) for title in paper.titles]
            + [Moment(product.closes, None) for product in paper.products]
            + [Moment(freeze.until, freeze.title) for freeze in paper.freezes]
            + [Moment(at, o.title) for o in paper.offers for at in (o.extent.begin, o.extent.end)]
            + [Moment(at, x.title) for x in paper.licenses for at in (x.extent.begin, x.extent.end)]
            + [Moment(c.until, c.title) for c in paper.consents if c.until is not None]
        )
        both = [each for m in moments for each in (m, m._replace(at=m.at - MOMENT))]
        soon = (each for each in both if self.now < each.at < self.now + SOON)
        return sorted(soon, key=lambda moment: moment.at, reverse=True)

    @step(2, of=lambda self: self.creations)
    def repeat_creation(self, _by: By, creation: Creation) -> None:
        """The same key and the same input: the same answer, and nothing happens."""
        before = self._trace()
        again = creation.act(self.registry, creation.actor, *creation.asked, creation.key)
        assert self.runner.run(again).id == creation.created_id
        assert self._trace() == before

    @step(1, of=lambda self: self.creations)
    def reuse_key(self, by: By, creation: Creation) -> None:
        """The same key and another input: refused, whoever of the party it is that asks."""
        others = [each for each in self.creations if each.asked != creation.asked]
        if others:
            same_act_first = sorted(others, key=lambda each: each.act is not creation.act)
            other = same_act_first[by.which % len(others)]
            reasons = {"IDEMPOTENCY_KEY_REUSED"}
            self.attempt(reasons, other.act, creation.actor, *other.asked, creation.key)

    @step(1, of=lambda self: [self.sealing])
    def seal_log(self, _by: By, sealing: Sealing) -> None:
        self.runner.run(sealing.seal())

    def acting(self, by: By, party_id: str | None) -> Actor:
        """Whoever acts for this party, or for the office; or else somebody named instead."""
        if by.who is not None:
            return self.actors[by.who]
        of_party = (actor for actor in self.actors.values() if actor.party_id == party_id)
        return next(of_party, self.actors["office"])

    def attempt(
        self, reasons: set[str], act: Callable[..., Awaitable[T]], actor: Actor, *asked: Any
    ) -> T | None:
        """Do an act, which must be refused for exactly these reasons, and done without any.

        None when it was refused. What was refused has written nothing at all; what was done
        has written one event.
        """
        before = self._trace()
        outcome, refusals = self._outcome(act(self.registry, actor, *asked))
        codes = {refusal.code for refusal in refusals}
        assert codes == reasons, (act.__name__, codes, reasons)
        assert [refusal for refusal in refusals if not _says_all(refusal)] == []
        if refusals:
            assert self._trace() == before
        else:
            assert self._trace().events == before.events + 1
            self.is_settled = False
        self.registry.clock.advance(MOMENT)
        return outcome

    def _outcome(self, attempted: Awaitable[T]) -> tuple[T | None, Sequence[Refusal]]:
        try:
            return self.runner.run(attempted), ()
        except Refused as refused:
            return None, refused.refusals

    def create(
        self, reasons: set[str], act: Callable[..., Awaitable[T]], actor: Actor, *asked: Any
    ) -> T | None:
        """As `attempt`, for an act that takes a key."""
        key = a_key()
        outcome = self.attempt(reasons, act, actor, *asked, key)
        if outcome is not None:
            self.creations.append(Creation(act, actor, asked, key, outcome.id))
        return outcome

    def version_of(self, certificate_id: str) -> int:
        query = "SELECT version FROM certificates WHERE id = $1"
        [(version,)] = self.book.rows(query, certificate_id)
        return version

    def _trace(self) -> "Trace":
        [(events,)] = self.book.rows("SELECT count(*) FROM ledger_entry")
        return Trace(self.book.writes(), events)

    @invariant()
    def every_promise_holds(self) -> None:
        """Looked at again when time has passed or something was done."""
        if not self.is_settled:
            self.runner.run(put_in_order(self.registry))
            broken = broken_promises(self.book)
            assert broken == {}, broken
            self._compare_what_is_read_with_the_paper()
            self.is_settled = True

    def _compare_what_is_read_with_the_paper(self) -> None:
        seen = self.runner.run(read_views(self.registry, self.actors["office"]))
        assert broken_by_views(seen) == []
        read, written = told_by_views(seen), told_on_paper(self.paper, self.now)
        different = {key: (read.get(key), written.get(key)) for key in read | written}
        wrong = {key: both for key, both in different.items() if both[0] != both[1]}
        assert wrong == {}, wrong
        used = self.book.rows("SELECT id, revoked_at IS NOT NULL, consumed_by FROM consents")
        assert {key: (bool(revoked), by) for key, revoked, by in used} == {
            consent.id: (consent.revoked, consent.used_for) for consent in self.paper.consents
        }

    def teardown(self) -> None:
        try:
            self.runner.run(self._check_the_ledger())
        finally:
            self.runner.run(self.registry.close())
            self.book.close()
            self.runner.close()
            self.databases.drop(self.database)
            shutil.rmtree(self.folder)

    async def _check_the_ledger(self) -> None:
        """All of it is sound when computed again; each certificate's proof convinces a stranger."""
        await self.sealing.seal()
        key = self.signer.verifying_key
        vkey = key.vkey()
        around = Surroundings(Trust(ORIGIN, (key,)), self.sealing.guard)
        async with self.registry.reading() as tx:
            report = await tx.connection.run_sync(inspect_fully, around)
            assert report.findings == ()
            for title in self.paper.titles:
                proof = await tx.log.prove_subject(tx.connection, title.number)
                proven = verify(proof, f"log {vkey}\nquorum none\n")
                events = await tx.log.events_of(tx.connection, title.number)
                assert [(e.kind, e.at) for e in proven.events] == [(e.kind, e.at) for e in events]
                self._compare(proven, title)

    def _compare(self, proven: Verified, title: Title) -> None:
        """What a stranger concludes with what stands on paper; the log tells whole seconds."""
        last = proven.events[-1]
        at = max(proven.as_of, last.at)
        concluded = last.standing.effective_status(at), last.standing.is_encumbered(at)
        assert concluded == (title.status(at), any(self.paper.burdens(title, at)))


class Trace(NamedTuple):
    """What any act leaves: writes to the database, and its own event."""

    writes: Any
    events: int


def _says_all(refusal: Refusal) -> bool:
    """Whether a refusal has a sentence, a basis and a cure."""
    is_sentence = refusal.message.endswith(".")
    return is_sentence and refusal.legal_basis != "" and refusal.cure.endswith(".")
