"""Figures of the ledger, each beside a yardstick measured in the same run.

`python -m bench.ledger` prints them as a table. One file measures one row or a small group that
belongs together, and is listed in `__main__`:

    async def measure(setting: Setting) -> list[Row]

`rows` has `Row`, `Setting` and what formats figures. A file measures its work and its yardstick in
turn, `setting.rounds` times, and gives medians; it tells `setting` what is going on. Whoever needs
a register whose ledger holds a million events asks `setting.million()`, which builds it once a run.
"""
