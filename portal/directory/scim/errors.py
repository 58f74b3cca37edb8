"""The one shape in which SCIM says no (RFC 7644, 3.12)."""

from audit.refusals import Invalid

ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Invalid):
    """A no to the identity provider; `kind` is SCIM's own word for it.

    The log of calls keeps it; it is no attempt at anything, so the audit log does not.
    """

    code = "scim-error"

    def __init__(self, status: int, message: str, *, kind: str = "") -> None:
        super().__init__(message)
        self.http_status = status
        self.kind = kind


def bad_value(message: str) -> ScimError:
    return ScimError(400, message, kind="invalidValue")


def bad_path(message: str) -> ScimError:
    return ScimError(400, message, kind="invalidPath")


def bad_filter(message: str) -> ScimError:
    return ScimError(400, message, kind="invalidFilter")


def bad_syntax(message: str) -> ScimError:
    return ScimError(400, message, kind="invalidSyntax")


def taken(message: str) -> ScimError:
    return ScimError(409, message, kind="uniqueness")


def error_body(status: int, detail: str, kind: str = "") -> dict[str, object]:
    body: dict[str, object] = {"schemas": [ERROR_SCHEMA], "status": str(status), "detail": detail}
    return body | {"scimType": kind} if kind else body
