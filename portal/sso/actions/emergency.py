"""The verbs of break-glass: named, code made, proven, opened, issued by the vendor, voided."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from audit.names import EventName
from audit.recorder import record
from audit.refusals import NotFound, NotPermitted, Refusal
from portal.sso.codes import digest_of, new_code
from portal.sso.models import SealedDoor
from portal.sso.rules import FEWEST_DOORS
from tenants.access import Actor, ActorKind, action, system_actor
from tenants.actions.entries import open_entry
from tenants.models import Entry, Membership, Policy
from tenants.permissions import BuiltInRole, Permission
from tenants.resolving import vendor_organization
from tenants.scoping import organization_scope

# The vendor's operator hands it over by another way than mail; that takes a while.
ISSUED_LASTS = timedelta(hours=24)


class NotAnOwner(Refusal):
    code = "not-an-owner"


class AlreadyNominated(Refusal):
    code = "already-nominated"


class DoorNotSealed(Refusal):
    """The code does not open; one sentence for every reason."""

    status = 403
    code = "break-glass-refused"


class DoorNeeded(Refusal):
    code = "break-glass-needed"


@action(Permission.ORGANIZATION_MANAGE, step_up=True)
def nominate_owner(membership: Membership, *, actor: Actor, at: datetime) -> SealedDoor:
    """Let an owner make a break-glass code. Raises NotAnOwner, AlreadyNominated."""
    _require_owner(membership, at=at)
    try:
        with transaction.atomic():
            door: SealedDoor = SealedDoor.objects.create(
                membership=membership, nominated_by=actor.membership, nominated_at=at
            )
    except IntegrityError as taken:
        raise AlreadyNominated(f"{membership} is a break-glass owner already.") from taken
    record(EventName.BREAK_GLASS_NOMINATED, actor=actor, target=membership)
    return door


@action(Permission.ORGANIZATION_MANAGE, step_up=True)
def withdraw_door(door: SealedDoor, *, actor: Actor, at: datetime) -> SealedDoor:
    """Void a door. Raises DoorNeeded while single sign-on is enforced and no two others remain."""
    policy = Policy.objects.locked(Policy.objects.get().pk)
    door = _locked(door)
    others = SealedDoor.objects.sealed(at=at).exclude(pk=door.pk).count()
    if policy.enforces_sso(at=at) and others < FEWEST_DOORS:
        raise DoorNeeded(
            "While single sign-on is enforced, two other break-glass codes must be sealed first."
        )
    return _void(door, actor=actor, at=at, because="withdrawn")


@action(None, step_up=True)
def make_code(door: SealedDoor, *, actor: Actor, at: datetime) -> tuple[SealedDoor, str]:
    """A new code for one's own door, known only now; an earlier one stops working.

    It opens nothing before it was proven. Raises NotFound for anybody else's door, NotAnOwner.
    """
    door = _locked(door)
    if actor.membership is None or door.membership_id != actor.membership.pk:
        raise NotFound("There is no break-glass code of yours here.")
    _require_owner(door.membership, at=at)
    code = new_code()
    door.give_code(digest_of(code), at=at)
    door.save(update_fields=["status", "digest", "made_at", "proven_at", "expires_at"])
    record(EventName.BREAK_GLASS_CODE_MADE, actor=actor, target=door)
    return door, code


@action(None)
def prove_door(door: SealedDoor, *, actor: Actor, at: datetime, digest: str) -> SealedDoor:
    """Seal a door whose holder has just shown all three keys. Raises DoorNotSealed."""
    door = _locked(door)
    is_theirs = door.status == SealedDoor.Status.MADE and door.digest == digest
    if not is_theirs or not SealedDoor.objects.of_owners(at=at).filter(pk=door.pk).exists():
        raise DoorNotSealed("This code is not waiting to be proven.")
    door.seal(at=at)
    door.save(update_fields=["status", "proven_at"])
    record(EventName.BREAK_GLASS_PROVEN, actor=actor, target=door)
    return door


@action(None)
def open_door(
    door: SealedDoor,
    *,
    actor: Actor,
    at: datetime,
    digest: str,
    session_key: str,
    device: str = "",
) -> Entry:
    """Let the holder in for at most an hour; the code is used up. Raises DoorNotSealed."""
    door = _locked(door)
    opens = SealedDoor.objects.that_open(at=at).filter(pk=door.pk, digest=digest)
    if not digest or not opens.exists():
        raise DoorNotSealed("This code does not open anything.")
    entry = open_entry(
        door.membership,
        actor=actor,
        at=at,
        session_key=session_key,
        method=Entry.Method.BREAK_GLASS,
        has_second_factor=True,
        device=device,
    )
    door.use_up(entry, at=at)
    door.save(update_fields=["status", "digest", "opened_at", "entry"])
    left = SealedDoor.objects.sealed(at=at).count()
    record(EventName.BREAK_GLASS_OPENED, actor=actor, target=door, codes_left=left)
    return entry


@action(None)
def issue_code(membership: Membership, *, actor: Actor, at: datetime) -> tuple[SealedDoor, str]:
    """A code for one opening within a day, when everything else is lost.

    For the vendor's operator on the server, never through a page: whoever has it still needs the
    owner's password and second factor. Raises NotPermitted, NotAnOwner.
    """
    if actor.kind is not ActorKind.SYSTEM:
        raise NotPermitted("Only the vendor's operator issues such a code, on the server.")
    _require_owner(membership, at=at)
    door = SealedDoor.objects.standing().filter(membership=membership).first()
    if door is None:
        door = SealedDoor.objects.create(membership=membership, nominated_at=at)
    door, code = _locked(door), new_code()
    until = at + ISSUED_LASTS
    door.issue(digest_of(code), at=at, until=until)
    door.save(update_fields=["status", "digest", "made_at", "proven_at", "expires_at"])
    _record_issued(door, actor, until=until)
    return door, code


@action(None)
def void_doors_of(
    membership: Membership, *, actor: Actor, at: datetime, because: str
) -> list[SealedDoor]:
    """Somebody who is an owner no longer keeps no code; regaining the role does not revive it."""
    standing = SealedDoor.objects.standing().select_for_update(no_key=True, of=("self",))
    doors = standing.select_related("membership").filter(membership=membership)
    return [_void(door, actor=actor, at=at, because=because) for door in doors]


def _record_issued(door: SealedDoor, actor: Actor, *, until: datetime) -> None:
    """In the customer's log, and in the vendor's without naming the person."""
    said = f"{until:%Y-%m-%d %H:%M} UTC"
    record(EventName.BREAK_GLASS_ISSUED, actor=actor, target=door, until=said)
    vendor = vendor_organization()
    if vendor is None:
        return
    with organization_scope(vendor.pk):
        record(
            EventName.BREAK_GLASS_ISSUED,
            actor=system_actor(vendor),
            until=said,
            workspace=actor.organization.slug,
        )


def _void(door: SealedDoor, *, actor: Actor, at: datetime, because: str) -> SealedDoor:
    door.void(at=at)
    door.save(update_fields=["status", "digest", "voided_at"])
    left = SealedDoor.objects.sealed(at=at).count()
    record(EventName.BREAK_GLASS_VOIDED, actor=actor, target=door, because=because, codes_left=left)
    return door


def _locked(door: SealedDoor) -> SealedDoor:
    """Raises DoorNotSealed for one that is void or of another organization."""
    rows = SealedDoor.objects.standing().select_for_update(no_key=True, of=("self",))
    found: SealedDoor | None = (
        rows.select_related("membership", "membership__organization").filter(pk=door.pk).first()
    )
    if found is None:
        raise DoorNotSealed("This break-glass code is void.")
    return found


def _require_owner(membership: Membership, *, at: datetime) -> None:
    if membership.role != BuiltInRole.OWNER or not membership.is_active(at=at):
        raise NotAnOwner(f"{membership} is not an owner of this workspace.")
