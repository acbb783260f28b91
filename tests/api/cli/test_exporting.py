"""The whole log, exported from the command line."""

import pytest

from tests.conformance.accepting import tiled_log


@pytest.mark.usefixtures("sample")
def test_what_is_exported_is_a_log_to_others_software(datatitle, tmp_path):
    note = datatitle("ledger", "checkpoint").stdout
    told = datatitle("ledger", "export", str(tmp_path / "exported"))
    size = int(note.split("\n")[1])
    assert told.stdout == f"{size} entries were exported to {tmp_path / 'exported'}.\n"
    assert (tmp_path / "exported" / "checkpoint").read_text() == note
    assert tiled_log(tmp_path / "exported")[0] == size


@pytest.mark.usefixtures("sample")
def test_a_folder_with_something_else_is_left_alone(datatitle, tmp_path):
    tile = tmp_path / "exported" / "tile" / "0" / "000"
    tile.parent.mkdir(parents=True)
    tile.write_bytes(b"something else")
    datatitle("ledger", "checkpoint")
    told = datatitle("ledger", "export", "--quiet", str(tmp_path / "exported"))
    assert (told.exit_code, told.stdout) == (1, "")
    assert "is not what the log has in its place" in told.stderr
    assert tile.read_bytes() == b"something else"


def test_where_there_is_no_register_nothing_is_exported(datatitle, tmp_path):
    told = datatitle("ledger", "export", str(tmp_path / "exported"))
    assert told.exit_code == 1
    assert "there is no register" in told.stderr
    assert not (tmp_path / "exported").exists()
