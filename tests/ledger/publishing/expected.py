"""What a published folder must hold, computed from the entries alone, slowly."""

from hashlib import sha256

from tests.ledger.reference import tree_hash


def expected_files(entries, size, widths_of=None):
    """Each path with its bytes for the tree of `size`; of older sizes the partial files too."""
    files = {}
    for each in [*(widths_of or ()), size]:
        files |= partial_files(entries, each, size)
    for level, hashes in enumerate(levels_of(entries[:size])):
        for number in range(len(hashes) // 256):
            path = spelt(number)
            files[f"tile/{level}/{path}"] = b"".join(hashes[number * 256 : (number + 1) * 256])
            if level == 0:
                files[f"tile/entries/{path}"] = bundle(entries, number, 256)
    return files


def partial_files(entries, size, last):
    """The partial files of a tree of `size` whose full ones a tree of `last` does not have."""
    files = {}
    for level, hashes in enumerate(levels_of(entries[:size])):
        number, width = divmod(len(hashes), 256)
        if width and number == last // 256 ** (level + 1):
            path = f"{spelt(number)}.p/{width}"
            files[f"tile/{level}/{path}"] = b"".join(hashes[number * 256 :])
            if level == 0:
                files[f"tile/entries/{path}"] = bundle(entries, number, width)
    return files


def levels_of(entries):
    """The hashes that stand in tiles: of every entry, of every 256, of every 65,536."""
    levels = [[sha256(b"\x00" + entry).digest() for entry in entries]]
    while len(levels[-1]) >= 256:
        span = 256 ** len(levels)
        levels.append([tree_hash(entries[at : at + span]) for at in full_spans(entries, span)])
    return levels


def full_spans(entries, span):
    return range(0, len(entries) - span + 1, span)


def bundle(entries, number, width):
    chosen = entries[number * 256 : number * 256 + width]
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in chosen)


def spelt(number):
    assert number < 1_000_000, number
    return f"{number:03}" if number < 1000 else f"x{number // 1000:03}/{number % 1000:03}"


def files_in(folder):
    """Every file below a folder by its path, but for those beside the tiles."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    read = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return {path: content for path, content in read.items() if path.startswith("tile/")}
