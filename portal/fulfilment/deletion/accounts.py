"""Erases the accounts of people whom no workspace knows any more, with all they signed in with."""

from collections.abc import Sequence
from uuid import UUID

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.sessions.models import Session

from accounts.models import User
from portal.fulfilment.work import Again, Finished, Job, Outcome
from portal.sso.models import Connection
from portal.tickets.models import Tally, Ticket
from portal.tickets.rules import Scope
from tenants.models import Entry, Membership
from tenants.scoping import system_scope

BATCH = 200
# All that an account consists of, children first.
ACCOUNT_MODELS = (
    Session,
    EmailConfirmation,
    EmailAddress,
    Authenticator,
    SocialToken,
    SocialAccount,
    User,
)


def members_of(ticket: Ticket) -> "list[tuple[UUID, UUID]]":
    """(membership, user) of everybody in scope who still has an account."""
    if ticket.scope not in {Scope.PERSON, Scope.CLOSE}:
        return []
    rows = Membership.objects.filter(user__isnull=False)
    if ticket.scope == Scope.PERSON:
        rows = rows.filter(pk=ticket.subject_id)
    return list(rows.order_by("pk").values_list("pk", "user_id"))


def without_another(members: Sequence[tuple[UUID, UUID]]) -> set[UUID]:
    """Accounts that these memberships alone keep."""
    users = {user for _member, user in members}
    own = [member for member, _user in members]
    with system_scope("accounts that another workspace keeps"):
        elsewhere = Membership.unscoped.filter(user__in=users).exclude(pk__in=own)
        return users - set(elsewhere.values_list("user_id", flat=True))


def erase_accounts(job: Job) -> Outcome:
    """A batch of people; the ids of the accounts stay in the cursor for the read-back."""
    gone: list[str] = list(job.cursor.get("gone", []))
    members = members_of(job.ticket)[:BATCH]
    if not members:
        # The cursor of the last piece stays with the step.
        return Finished({"accounts": len(gone)})
    fresh = without_another(members)
    _erase_sessions([member for member, user in members if user in fresh])
    _let_go(members)
    _erase(fresh)
    gone += sorted(str(user) for user in fresh)
    Tally.objects.filter(ticket=job.ticket, store="accounts").update(erased=len(gone))
    return Again(len(gone), len(gone), {"gone": gone})


def _let_go(members: Sequence[tuple[UUID, UUID]]) -> None:
    """Links to this workspace's identity providers go, the account elsewhere stays."""
    ids = [connection.provider_id for connection in Connection.objects.all()]
    users = [user for _member, user in members]
    SocialAccount.objects.filter(user_id__in=users, provider__in=ids).delete()
    Membership.objects.filter(pk__in=[member for member, _user in members]).update(user=None)


def _erase_sessions(members: Sequence[UUID]) -> None:
    entries = Entry.objects.filter(membership__in=members)
    Session.objects.filter(session_key__in=entries.values("session_key")).delete()


def _erase(users: set[UUID]) -> None:
    EmailConfirmation.objects.filter(email_address__user__in=users).delete()
    EmailAddress.objects.filter(user__in=users).delete()
    Authenticator.objects.filter(user__in=users).delete()
    SocialToken.objects.filter(account__user__in=users).delete()
    SocialAccount.objects.filter(user__in=users).delete()
    User.objects.filter(pk__in=users).delete()
