"""The evidence of a period as one ZIP: read once, written to disk, with a signed manifest."""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any, Final, Self
from zipfile import ZIP_DEFLATED, ZipFile

from audit.canonical import canonical
from audit.instants import to_text
from audit.signing import public_keys, sign
from audit.tree import latest_checkpoint
from portal.evidence import sheets
from portal.evidence.period import (
    CHUNK,
    Fact,
    Period,
    draw,
    facts_in,
    leavers_in,
    requests_in,
    sample_of,
)
from portal.fulfilment.models import Certificate
from portal.ui.exports import safe_cell
from tenants.access import Actor

FORM: Final = "gatehouse-period-evidence/1"
BLOCK: Final = 64 * 1024
README: Final = """Evidence for a period

requests.csv       every request received in the period, one line each
requests.jsonl     the same, each with its steps, every way in that was tried, and every store
ways-in.csv        every way in that a person had, and the answer when it was tried again
stores.csv         every store of a deletion, counted before and after
leavers.csv        people whom the directory switched off or deleted in the period
sample.csv         a sample: the requests whose SHA-256 of "<seed>:<number>" is smallest
certificates/      the signed certificate of each deletion, byte for byte
checkpoint.json    the last signed head of the audit log
keys.json          the public keys; fetch them from the server yourself and compare
manifest.json      SHA-256 of every other file here, signed (Ed25519 over RFC 8785)

The verifier that the page of each certificate offers checks it without Gatehouse:
    python3 verify_certificate.py manifest.json --keys KEYS-YOU-FETCHED

All instants are UTC. "last possible access" is the instant after which what a request took away
opened nothing any more. "clock" is on_time, late, running or withdrawn.
"""


def build(period: Period, *, actor: Actor, at: datetime) -> IO[bytes]:
    """The ZIP in a file on disk that is gone when it is closed; memory does not grow with it."""
    out = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    try:
        with TemporaryDirectory() as folder, ZipFile(out, "w", ZIP_DEFLATED) as archive:
            hashes = {}
            for name, path in _files(Path(folder), period, actor=actor, at=at):
                hashes[name] = _add(archive, name, path)
                path.unlink()
            manifest = sign(_manifest(period, hashes, actor=actor, at=at))
            archive.writestr("manifest.json", canonical(manifest))
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out


def _files(
    folder: Path, period: Period, *, actor: Actor, at: datetime
) -> Iterator[tuple[str, Path]]:
    """Each file with its name in the archive, written before it is handed over."""
    written = _write_requests(folder, period, actor=actor, at=at)
    chosen = sample_of(written, seed=period.seed, size=period.size)
    yield from ((path.name, path) for path in sorted(folder.iterdir()))
    yield (
        "leavers.csv",
        _table(
            folder / "leavers.csv",
            sheets.LEAVERS,
            map(sheets.leaver_row, leavers_in(period, actor)),
        ),
    )
    rows = ([n, number, draw(period.seed, number)] for n, number in enumerate(chosen, start=1))
    yield "sample.csv", _table(folder / "sample.csv", sheets.SAMPLE, rows)
    yield from _certificates(folder, period, actor)
    for name, text in _texts(actor):
        path = folder / name
        path.write_text(text, encoding="utf-8")
        yield name, path


def _write_requests(folder: Path, period: Period, *, actor: Actor, at: datetime) -> Iterator[str]:
    """All files about requests in one reading, so that they say the same; yields the numbers."""
    with ExitStack() as stack:
        tables = {
            name: stack.enter_context(_Table(folder / name, header))
            for name, header in (
                ("requests.csv", sheets.REQUESTS),
                ("ways-in.csv", sheets.PROOFS),
                ("stores.csv", sheets.STORES),
            )
        }
        lines = stack.enter_context((folder / "requests.jsonl").open("w", encoding="utf-8"))
        for fact in facts_in(requests_in(period, actor), at=at):
            _write(fact, tables, lines)
            yield fact.ticket.number


def _write(fact: Fact, tables: dict[str, "_Table"], lines: IO[str]) -> None:
    tables["requests.csv"].add([sheets.request_row(fact)])
    tables["ways-in.csv"].add(sheets.proof_rows(fact))
    tables["stores.csv"].add(sheets.store_rows(fact))
    lines.write(json.dumps(sheets.as_json(fact), ensure_ascii=False) + "\n")


class _Table:
    """A spreadsheet on disk whose cells are no formulas."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.path, self.header = path, header

    def __enter__(self) -> Self:
        self.file = self.path.open("w", encoding="utf-8", newline="")
        self.writer = csv.writer(self.file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        self.writer.writerow(self.header)
        return self

    def __exit__(self, *_error: object) -> None:
        self.file.close()

    def add(self, rows: Iterable[Sequence[object]]) -> None:
        self.writer.writerows([safe_cell(cell) for cell in row] for row in rows)


def _table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    with _Table(path, header) as table:
        table.add(rows)
    return path


def _certificates(folder: Path, period: Period, actor: Actor) -> Iterator[tuple[str, Path]]:
    rows = Certificate.objects.filter(ticket__in=requests_in(period, actor).values("pk"))
    ordered = rows.select_related("ticket").order_by("ticket_id", "version")
    for certificate in ordered.iterator(chunk_size=CHUNK):
        path = folder / "certificate.json"
        path.write_text(certificate.document, encoding="utf-8")
        version = "" if certificate.version == 1 else f"-v{certificate.version}"
        yield f"certificates/{certificate.ticket.number}{version}.json", path


def _texts(actor: Actor) -> Iterator[tuple[str, str]]:
    checkpoint = latest_checkpoint(actor.organization_id)
    if checkpoint is not None:
        yield "checkpoint.json", checkpoint.document
    yield "keys.json", json.dumps(public_keys(), indent=2)
    yield "README.txt", README


def _add(archive: ZipFile, name: str, path: Path) -> str:
    """Copy a file in, block by block. Returns its SHA-256."""
    digest = hashlib.sha256()
    with path.open("rb") as source, archive.open(name, "w", force_zip64=True) as target:
        while block := source.read(BLOCK):
            digest.update(block)
            target.write(block)
    return digest.hexdigest()


def _manifest(
    period: Period, hashes: dict[str, str], *, actor: Actor, at: datetime
) -> dict[str, Any]:
    last = period.until - timedelta(days=1)
    return {
        "form": FORM,
        "organization": {"id": actor.organization_id, "name": actor.organization.name},
        "period": {"from": period.since.date().isoformat(), "to": last.date().isoformat()},
        "sample": {"seed": period.seed, "size": period.size},
        "made": {"at": to_text(at), "by": actor.name},
        "files": [{"name": name, "sha256": digest} for name, digest in sorted(hashes.items())],
    }
