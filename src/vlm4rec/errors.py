"""Every exception that vlm4rec raises on purpose.

* Vlm4recError
  * DataError -- a source file, row or option that can't be used
    * PhotoError -- one photo that can't be used
    * UnknownIdError -- an item or user that is not there
  * ShopError -- a shop folder that can't be used
    * ShopNotFoundError
    * ShopExistsError
    * ShopVersionError
    * ShopDamagedError
    * ShopBusyError -- another process writes to it
    * StepMissingError -- a step must run first
  * GroundingError
    * LVLMError -- the model did not answer
      * NeverAnsweredError -- nor did it once in this run
    * AnswerError -- it answered, but not what was asked for
  * EncoderError -- a text or image encoder that can't be had
  * MissingExtraError -- an optional dependency is not installed

Each carries one message that says what is wrong, where, and what to do. The command line
prints that message alone; a traceback there is a defect.
"""

from __future__ import annotations

__all__ = [
    "AnswerError",
    "DataError",
    "EncoderError",
    "GroundingError",
    "LVLMError",
    "MissingExtraError",
    "NeverAnsweredError",
    "PhotoError",
    "ShopBusyError",
    "ShopDamagedError",
    "ShopError",
    "ShopExistsError",
    "ShopNotFoundError",
    "ShopVersionError",
    "StepMissingError",
    "UnknownIdError",
    "Vlm4recError",
]


class Vlm4recError(Exception):
    """The root of all exceptions that vlm4rec raises on purpose.

    Parameters
    ----------
    message
        What is wrong and where: it names the file, row or id.
    remedy
        What to do about it, as an imperative sentence; empty when the message says it all.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class DataError(Vlm4recError):
    """A source file, a row of it or an option can't be used."""


class PhotoError(DataError):
    """One photo can't be used; ``code`` says why in one word (see `vlm4rec.problems`)."""

    def __init__(self, message: str, remedy: str = "", *, code: str = "unreadable") -> None:
        super().__init__(message, remedy)
        self.code = code


class UnknownIdError(DataError):
    """An item or user id that the shop does not hold."""


class ShopError(Vlm4recError):
    """A shop folder can't be used."""


class ShopNotFoundError(ShopError):
    """The folder is not a shop."""


class ShopExistsError(ShopError):
    """The folder holds something already that would be overwritten."""


class ShopVersionError(ShopError):
    """The shop was written by a newer vlm4rec."""


class ShopDamagedError(ShopError):
    """A file of the shop is missing or unreadable."""


class ShopBusyError(ShopError):
    """Another process is writing to the shop."""


class StepMissingError(ShopError):
    """What was asked for needs a step that has not run yet."""


class GroundingError(Vlm4recError):
    """Photos could not be described."""


class LVLMError(GroundingError):
    """The model did not answer.

    ``retryable`` tells whether the same request may succeed later; ``fatal`` whether every
    other request would fail the same way (a wrong key, an unknown model), so that a run stops;
    ``retry_after`` is the wait in seconds that the server asked for, where it did;
    ``overloaded`` whether it has too much to do, so that fewer calls at a time may help;
    ``charged`` whether the server may have charged for an answer that got lost on its way.
    """

    def __init__(
        self,
        message: str,
        remedy: str = "",
        *,
        retryable: bool = False,
        fatal: bool = False,
        retry_after: float | None = None,
        overloaded: bool = False,
        charged: bool = False,
    ) -> None:
        super().__init__(message, remedy)
        self.retryable = retryable
        self.fatal = fatal
        self.retry_after = retry_after
        self.overloaded = overloaded
        self.charged = charged


class NeverAnsweredError(LVLMError):
    """The server takes no calls, and has answered none in this run; ``said`` is its last word."""

    def __init__(self, said: LVLMError) -> None:
        super().__init__(
            f"{said.message} It has not answered once.",
            said.remedy or "See that it runs, and check the address and the model's name.",
            fatal=True,
        )
        self.said = said


class AnswerError(GroundingError):
    """The model answered, but not with what was asked for."""


class EncoderError(Vlm4recError):
    """An encoder, or its weights, can't be had."""


class MissingExtraError(Vlm4recError):
    """An optional dependency is not installed.

    >>> str(MissingExtraError("Encoding text", "encode"))
    "Encoding text needs an optional dependency. Run: pip install 'vlm4rec[encode]'"
    """

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(
            f"{purpose} needs an optional dependency.", f"Run: pip install 'vlm4rec[{extra}]'"
        )
        self.extra = extra
