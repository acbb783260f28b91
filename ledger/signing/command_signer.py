"""A key that never comes here: a command, given the bytes to sign, answers with the signature.

datatitle.example/log+5c1cf01d+Ad… /usr/local/bin/sign-with-our-device --slot 3
"""

import shlex
import subprocess
from dataclasses import dataclass

from ledger.formats.keys import MalformedKey, SignatureFailed, VerifyingKey, parse_vkey
from ledger.formats.note import Signature
from ledger.signing.faults import NotSealedError

PATIENCE = 30.0  # Seconds.
SHOWN_OF_A_FAULT = 300


@dataclass(frozen=True, slots=True)
class CommandSigner:
    """Runs the command for each signature: bytes to sign in, the raw signature out.

    It is run as it is, without a shell. What it answers is checked before it is used.
    """

    verifying_key: VerifyingKey
    command: tuple[str, ...]

    def sign(self, text: str, at: int) -> Signature:
        """Sign a note's text at a unix time; blocks. Raises `NotSealedError`."""
        key = self.verifying_key
        blob = key.blob(self._run(key.message(text, at)), at)
        try:
            key.check(text, blob)
        except SignatureFailed:
            raise NotSealedError(
                f"What {self.command[0]} answered with is no signature of the key {key.name}"
                f"+{key.id.hex()}: see that DATATITLE_SIGNER names the right key and command."
            ) from None
        return Signature(key.name, key.id, blob)

    def _run(self, message: bytes) -> bytes:
        try:
            ended = subprocess.run(  # noqa: S603 - whoever sets up the server chose the command.
                self.command, input=message, capture_output=True, timeout=PATIENCE, check=True
            )
        except (OSError, subprocess.SubprocessError) as fault:
            raise NotSealedError(
                f"The command of DATATITLE_SIGNER did not sign: {_told(fault)}. Nothing is signed "
                "until it does."
            ) from None
        return ended.stdout


def parse_command_signer(line: str) -> CommandSigner:
    """A vkey, a space, and a command with its arguments, quoted as a shell would have them:
    `datatitle.example/log+5c1cf01d+Ad… /usr/local/bin/sign --slot 3`.

    Raises `Malformed` for a key that is none, and for a key without a command.
    """
    vkey, _, command = line.strip().partition(" ")
    try:
        words = tuple(shlex.split(command))
    except ValueError:
        words = ()
    if not words:
        raise MalformedKey("A key is followed by the command that signs with it.")
    return CommandSigner(parse_vkey(vkey), words)


def _told(fault: Exception) -> str:
    if isinstance(fault, subprocess.CalledProcessError):
        said = " ".join(fault.stderr[:SHOWN_OF_A_FAULT].decode(errors="replace").split())
        return f"it ended with {fault.returncode} and said: {said or 'nothing'}"
    return str(fault)
