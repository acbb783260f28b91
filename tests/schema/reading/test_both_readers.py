"""Both readers give the same bytes for whatever is asked, whoever asks, and tell what is so."""

from tests.schema.reading.compiled import compiled_reader
from tests.schema.reading.rounds import play_round

DOCUMENTS = 250  # On each kind of database.


async def test_documents_at_random_are_answered_alike_by_both_readers_and_by_the_rows(play):
    async with compiled_reader(play.registry) as compiled:
        score, faults = await play_round(play, compiled, DOCUMENTS)

    assert [str(fault) for fault in faults] == []
    assert score.share("found something") > 0.4, score
    assert score.share("compiled") > 0.8, score
