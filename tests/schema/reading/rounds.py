"""A round of requests: many viewers ask both readers, and in between parties act at random."""

import random
from dataclasses import dataclass

from graphql import GraphQLSchema, build_schema

from schema import schema
from services.actors import Actor
from tests.schema.reading.acts_at_random import act_at_random
from tests.schema.reading.both_readers import Compiled, Judge, Score
from tests.schema.reading.documents_at_random import Asked, asked_at_random
from tests.schema.reading.documents_by_hypothesis import asked_by_hypothesis
from tests.schema.reading.play import Play
from tests.schema.reading.smaller import smallest
from tests.schema.reading.values_at_random import Known

TEXT = schema.as_str()
CONTRACT: GraphQLSchema = build_schema(TEXT)
BETWEEN_ACTS = 25  # Requests, and then
ACTS_AT_ONCE = 4
ONE_IN = 10  # Of so many documents, one is hypothesis-graphql's.
OTHERS_AT_ONCE, EACH_AT_ONCE = 2, 3
MOST_FAULTS = 5


@dataclass(frozen=True)
class Fault:
    """What is wrong, who was told so, and the smallest request that shows it."""

    sentence: str
    viewer: str
    asked: Asked

    def __str__(self) -> str:
        return f"As {self.viewer}:\n{self.asked}\n{self.sentence}"


async def play_round(
    play: Play, compiled: Compiled | None, documents: int
) -> tuple[Score, list[Fault]]:
    """Ask so many documents; stop early when much is wrong."""
    judge = Judge(CONTRACT, play.registry, compiled, play.register)
    faults: list[Fault] = []
    known = Known.of(play.register)
    theirs = asked_by_hypothesis(CONTRACT, TEXT, known, play.dice, documents // ONE_IN)
    for number in range(documents):
        if number % BETWEEN_ACTS == 0:
            await act_at_random(play, ACTS_AT_ONCE)
            judge.register, known = play.register, Known.of(play.register)
        asked = theirs.pop() if theirs and number % ONE_IN == 0 else None
        asked = asked or asked_at_random(CONTRACT, known, play.dice)
        viewer = play.dice.choice(list(play.viewers()))
        fault = await _fault(judge, asked, viewer, play.viewers()[viewer])
        if fault is not None:
            faults.append(fault)
        if compiled is not None and number % ONE_IN == 1:
            faults += await _faults_together(judge, asked, play)
        if len(faults) >= MOST_FAULTS:
            break
    if compiled is not None:
        judge.score.handed_over.update(compiled.handed_over())
    return judge.score, faults


async def _fault(judge: Judge, asked: Asked, viewer: str, actor: Actor | None) -> Fault | None:
    sentence = await judge.fault_of(asked, actor)
    if sentence is None:
        return None
    kind = _kind_of(sentence)

    async def still_fails(fewer: Asked) -> bool:
        found = await judge.fault_of(fewer, actor)
        return found is not None and _kind_of(found) == kind

    least = await smallest(asked, CONTRACT, still_fails)
    return Fault(await judge.fault_of(least, actor) or sentence, viewer, least)


async def _faults_together(judge: Judge, asked: Asked, play: Play) -> list[Fault]:
    """Several viewers ask the same at once, about other records of the same kinds."""
    known, viewers = Known.of(play.register), list(play.viewers().values())
    first = play.dice.choice(viewers)
    alike = [each for each in viewers if each and first and each.roles == first.roles]
    asking = [
        (asked.about_others(known.ids, play.dice), actor)
        for actor in [*alike, *play.dice.choices(viewers, k=OTHERS_AT_ONCE)]
        for _ in range(EACH_AT_ONCE)
    ]
    sentence = await judge.fault_together(asking)
    return [] if sentence is None else [Fault(sentence, "several", asked)]


def _kind_of(sentence: str) -> str:
    """What is wrong, without where; of an exception, which it is."""
    first, _, second = sentence.partition(":\n")
    return f"{first} {second[:40]}" if "failed" in first else first


def dice_of(*words: object) -> random.Random:
    return random.Random(" ".join(map(str, words)))
