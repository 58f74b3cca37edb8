"""What the catalogue declines, and what it finds wrong with a file."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from audit.refusals import Invalid, Refusal


class IntegrationPaused(Refusal):
    code = "integration-paused"


class IntegrationDeleting(Refusal):
    code = "integration-deleting"


class ImportInProgress(Refusal):
    code = "import-in-progress"


class WrongKind(Refusal):
    """What was asked for is not done with integrations of this kind."""

    code = "wrong-kind"


class ImportStopped(Refusal):
    """The integration was paused or is being deleted while its files were read."""

    code = "import-stopped"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where in a file something is wrong: its key, or the line where it stops being JSON."""

    file: str = ""
    key: str = ""
    line: int | None = None
    offset: int | None = None

    def __str__(self) -> str:
        parts = [self.file]
        if self.line is not None:
            parts.append(_("line %(line)d") % {"line": self.line})
        if self.key:
            parts.append(self.key)
        return ", ".join(part for part in parts if part)


class ArtifactRefused(Invalid):
    """A file that is not taken: says what, where, and what to do. Nothing of it is stored."""

    code = "artifact-refused"

    def __init__(self, reason: str, message: str, where: Whereabouts | None = None) -> None:
        self.reason = reason
        self.where = where or Whereabouts()
        super().__init__(message, {self.field: message} if self.field else None)

    @property
    def field(self) -> str:
        """The field of a form that sent the file."""
        return self.where.file.removesuffix(".json")


class SourceRefused(ArtifactRefused):
    """A source that cannot be read: what happened, and what to do about it. Holds no secret."""

    code = "source-refused"
