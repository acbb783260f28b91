"""Keys in files: made once, for their owner alone."""

import secrets
import stat

from api.key_files import key_at


def make():
    return secrets.token_bytes(32)


def test_a_key_is_made_once_and_kept(tmp_path):
    path = tmp_path / "keys" / "one.key"
    first = key_at(path, make)
    assert len(first) == 32
    assert key_at(path, make) == first
    assert key_at(tmp_path / "keys" / "other.key", make) != first


def test_a_key_is_readable_by_its_owner_alone(tmp_path):
    path = tmp_path / "keys" / "one.key"
    key_at(path, make)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["one.key"]


def test_a_key_another_process_has_just_made_is_the_key(tmp_path):
    path = tmp_path / "one.key"

    def make_too_late():
        path.write_bytes(b"first")
        return b"second"

    assert key_at(path, make_too_late) == b"first"
