"""A register of another version is left alone, and its owner told why in one sentence."""

import sqlite3
import subprocess
import sys
from contextlib import closing

RUN = [sys.executable, "-c", "from api.cli import main; main()"]


def test_a_register_of_an_earlier_version_is_not_served(data, environment):
    data.mkdir()
    with closing(sqlite3.connect(data / "register.sqlite3")) as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES ('0001')")
        database.commit()

    served = subprocess.run(
        [*RUN, "serve", "--port", "0"], env=environment, capture_output=True, text=True, check=False
    )

    assert (served.returncode, served.stdout) == (1, "")
    assert served.stderr == (
        "datatitle: this register was made by a version before 0.1, from which nothing is carried "
        "over: move its folder away and start anew.\n"
    )
