"""Idempotency-Key on every POST: the first call runs, every repetition gets its answer."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.response import Response

from audit.refusals import Invalid, Malformed, Refusal
from audit.sealing import KeyDestroyed, SealBroken, seal, unseal
from portal.rest.models import KEPT, IdempotencyRecord
from portal.rest.requests import ApiRequest

KEY = re.compile(r"^[!-~]{1,128}$")
PURPOSE = "reply"
HEADER = "Idempotency-Key"


class StillRunning(Refusal):
    """The first call with this key has not ended; nothing is done twice."""

    code = "idempotency-running"


class AnswerGone(Refusal):
    code = "idempotency-answer-gone"


@dataclass(frozen=True)
class Attempt:
    """The first call under a key: its answer is kept, or the key freed when it changed nothing."""

    record: IdempotencyRecord

    def finish(self, response: Response, request: ApiRequest, *, secrets: tuple[str, ...]) -> None:
        if status.is_client_error(response.status_code) or status.is_server_error(
            response.status_code
        ):
            IdempotencyRecord.objects.filter(pk=self.record.pk).delete()
            return
        IdempotencyRecord.objects.filter(pk=self.record.pk).update(
            status=response.status_code,
            location=response.get("Location", "")[:400],
            body=_sealed(_without(response.data, secrets), self.record),
            finished_at=request.at,
        )


def begin(request: ApiRequest) -> Attempt | Response | None:
    """Claim the call's key. None without one, the kept answer when it has already happened."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None or request.method != "POST":
        return None
    if not KEY.match(key):
        raise Malformed(_("Idempotency-Key takes 1 to 128 visible characters."))
    fingerprint = _fingerprint(request)
    _forget_expired(request, key)
    record, is_first = _claim(request, key, fingerprint)
    return Attempt(record) if is_first else _kept_answer(record, fingerprint)


def _claim(request: ApiRequest, key: str, fingerprint: str) -> tuple[IdempotencyRecord, bool]:
    where = {"token_id": request.auth.pk, "key": key}
    try:
        with transaction.atomic():
            fields = {"fingerprint": fingerprint, "created_at": request.at}
            return IdempotencyRecord.objects.create(**where, **fields), True
    except IntegrityError:
        record = IdempotencyRecord.objects.filter(**where).first()
    if record is None:
        raise StillRunning(_("A call with this Idempotency-Key just ended. Send it again."))
    return record, False


def _kept_answer(record: IdempotencyRecord, fingerprint: str) -> Response:
    if record.fingerprint != fingerprint:
        raise Invalid(
            _("This Idempotency-Key was used for a different call. Take a new key."),
            {"body": _("Differs from the first call with this key.")},
        )
    if record.status is None:
        raise StillRunning(
            _(
                "The first call with this Idempotency-Key has not ended. If this lasts, look "
                "whether it took effect before you repeat it with a new key."
            )
        )
    response = Response(_opened(record), status=record.status)
    if record.location:
        response["Location"] = record.location
    response["Idempotency-Replayed"] = "true"
    return response


def _forget_expired(request: ApiRequest, key: str) -> None:
    IdempotencyRecord.objects.filter(
        token_id=request.auth.pk, key=key, created_at__lt=request.at - KEPT
    ).delete()


def _fingerprint(request: ApiRequest) -> str:
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    for part in _parts(request):
        digest.update(part)
    return digest.hexdigest()


def _parts(request: ApiRequest) -> Iterator[bytes]:
    """The call's content: values rather than bytes, as a repeated form has another boundary."""
    data, files = request.data, request.FILES
    if files:
        data = {name: value for name, value in data.items() if name not in files}
    yield json.dumps(data, sort_keys=True, default=str).encode()
    for name in sorted(files):
        yield f"\n{name}\n".encode()
        yield from files[name].chunks()
        files[name].seek(0)


def _without(data: Any, secrets: tuple[str, ...]) -> Any:
    if not isinstance(data, dict):
        return data
    return {name: None if name in secrets else value for name, value in data.items()}


def _sealed(data: Any, record: IdempotencyRecord) -> str:
    return seal(
        json.dumps(data, default=str),
        organization_id=record.organization_id,
        purpose=PURPOSE,
        subject=str(record.token_id),
        context=str(record.pk),
    )


def _opened(record: IdempotencyRecord) -> Any:
    try:
        text = unseal(record.body, organization_id=record.organization_id, context=str(record.pk))
    except (KeyDestroyed, SealBroken) as error:
        raise AnswerGone(
            _("This call was made before; its answer has been deleted since.")
        ) from error
    return json.loads(text)
