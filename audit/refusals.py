"""What the product says when it declines: anticipated, safe to show, and with a way on."""

from collections.abc import Mapping, Sequence
from typing import ClassVar


class Refusal(Exception):
    """An anticipated no. `message` is shown as it stands and says what to do."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "refused"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


class NotPermitted(Refusal):
    status = 403
    code = "not-permitted"


class StepUpNeeded(Refusal):
    status = 403
    code = "step-up-needed"


class NotFound(Refusal):
    status = 404
    code = "not-found"


class Malformed(Refusal):
    status = 400
    code = "malformed"


class StaleVersion(Refusal):
    status = 412
    code = "stale-version"


class VersionMissing(Refusal):
    status = 428
    code = "version-missing"


class TooMany(Refusal):
    status = 429
    code = "too-many"


class Invalid(Refusal):
    """Fields that do not hold; `errors` maps the field's name to what is wrong with it."""

    status = 422
    code = "invalid"

    def __init__(
        self, message: str, errors: Mapping[str, str | Sequence[str]] | None = None
    ) -> None:
        super().__init__(message)
        self.errors: dict[str, list[str]] = {
            field: [said] if isinstance(said, str) else list(said)
            for field, said in (errors or {}).items()
        }
