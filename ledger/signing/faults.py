"""Why a log is not sealed: each message says what is wrong, and what whoever runs it can do."""


class NotSealedError(Exception):
    """Nothing was signed, or what was signed was not published. The message is for a person."""


class LogDamagedError(NotSealedError):
    """What is stored is not what was appended or signed."""

    def __init__(self, finding: str) -> None:
        super().__init__(
            f"{finding} Nothing is signed, since it could never be taken back: run `datatitle "
            "ledger fsck`, and put a sound copy of the newest database back."
        )


class NotWitnessedError(NotSealedError):
    """Signed, but not cosigned by as many witnesses as the policy asks for."""


class LogEndedError(NotSealedError):
    """The log was frozen, and its last checkpoint is published."""
