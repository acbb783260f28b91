"""Load the sample register through the acts, by a clock that walks from December 2024 to today."""

from dataclasses import dataclass
from datetime import datetime

from api.sample.cases import Case, SampleRegister
from api.sample.cast import OPENING_DAY, Cast, open_office
from api.sample.dealings import deal_with
from api.sample.registration import Play, register_product
from api.sample.timetable import Report, Timetable
from ledger.signing.sealing import Sealing
from services.clock import ManualClock
from services.periods import corresponding_day, legal_day, start_of
from services.registry import Registry

OPENING = start_of(OPENING_DAY)


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads into an empty register, whose clock must be `clock`, at `OPENING` or before it.

    Cases still to come at the instant `today` are left under way, as they would be then.
    """

    registry: Registry
    clock: ManualClock
    sealing: Sealing

    async def load(self, sample: SampleRegister, today: datetime, report: Report) -> None:
        timetable = Timetable(self.clock, today, report)
        await timetable.play(self._everything(sample, timetable))
        await self.sealing.seal()

    async def _everything(self, sample: SampleRegister, timetable: Timetable) -> None:
        cast = await open_office(self.registry, timetable, sample)
        timetable.begin(self._seal_every_month(timetable))
        for case in sample.cases:
            timetable.begin(self._tell(case, cast, timetable))

    async def _tell(self, case: Case, cast: Cast, timetable: Timetable) -> None:
        play = Play(self.registry, timetable, cast, case)
        certificate = await register_product(play)
        if certificate is not None:
            await deal_with(play, certificate)

    async def _seal_every_month(self, timetable: Timetable) -> None:
        """A checkpoint on each first day of a month, while there are months to come."""
        first = legal_day(self.clock.now()).replace(day=1)
        while True:
            first = corresponding_day(first, 1)
            await timetable.until(start_of(first))
            await self.sealing.seal()
