"""rsc.io/tmp/mpt written down as its rules stand there, slowly: the oracle for the state map."""

from hashlib import sha256


def bits_of(key):
    return "".join(f"{byte:08b}" for byte in key)


def map_hash(values):
    """Of nothing SHA256(""), leaf SHA256(key||val), inner SHA256(left||right||byte(bit))."""
    if not values:
        return sha256(b"").digest()
    if len(values) == 1:
        [(key, value)] = values.items()
        return sha256(key + value).digest()
    bit, left, right = parted(values)
    return sha256(map_hash(left) + map_hash(right) + bytes([bit])).digest()


def map_path(values, key):
    """The bytes of the proof that `values` hold `key`, or that they do not."""
    if not values:
        return b""
    steps = []
    while len(values) > 1:
        bit, left, right = parted(values)
        is_right = bits_of(key)[bit] == "1"
        steps.append(bytes([bit]) + map_hash(left if is_right else right))
        values = right if is_right else left
    [(found, value)] = values.items()
    other = b"" if found == key else found + value
    return other + b"".join(reversed(steps))


def parted(values):
    """The first bit in which two of the keys differ, and what stands on either side of it."""
    first, last = bits_of(min(values)), bits_of(max(values))
    bit = next(n for n in range(256) if first[n] != last[n])
    sides = {"0": {}, "1": {}}
    for key, value in values.items():
        sides[bits_of(key)[bit]][key] = value
    return bit, sides["0"], sides["1"]
