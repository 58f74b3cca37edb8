"""Background work on people: ends of access are announced, kept uploads are forgotten."""

from datetime import datetime, timedelta

from django.db.models import F

from portal.people.models import InvitationList
from portal.queue.sweeping import sweep
from tenants.access import system_actor
from tenants.actions.ends import NOTICE, notice_access_end
from tenants.actions.token_ends import TOKEN_NOTICE, notice_token_end
from tenants.models import ApiToken, Membership
from tenants.scoping import organization_scope, system_scope

AT_ONCE = 500


@sweep("people.notice_ends", every=timedelta(minutes=15))
def notice_ends(at: datetime) -> None:
    """Announce each end of access that is near; the row remembers that it was."""
    with system_scope("ends of access that are near"):
        near = Membership.unscoped.filter(
            status=Membership.Status.ACTIVE,
            access_ends_at__gt=at,
            access_ends_at__lte=at + NOTICE,
            access_end_noticed_at__isnull=True,
        )
        found = list(near.order_by("access_ends_at").values_list("organization", "pk")[:AT_ONCE])
    for organization_id, pk in found:
        with organization_scope(organization_id):
            member = Membership.objects.select_related("organization").get(pk=pk)
            notice_access_end(member, actor=system_actor(member.organization), at=at)


@sweep("people.notice_token_ends", every=timedelta(hours=1))
def notice_token_ends(at: datetime) -> None:
    """Announce each end of a token that is near; the log remembers that it was."""
    with system_scope("ends of tokens that are near"):
        near = ApiToken.unscoped.filter(
            revoked_at__isnull=True,
            rotated_at__isnull=True,
            expires_at__gt=at,
            expires_at__lte=at + TOKEN_NOTICE,
            created_at__lt=F("expires_at") - TOKEN_NOTICE,
        )
        found = list(near.order_by("expires_at").values_list("organization", "pk"))
    for organization_id, pk in found:
        with organization_scope(organization_id):
            token = ApiToken.objects.select_related("organization").get(pk=pk)
            notice_token_end(token, actor=system_actor(token.organization), at=at)


@sweep("people.forget_lists", every=timedelta(minutes=15))
def forget_lists(at: datetime) -> None:
    """Uploads that nobody confirmed within their hour."""
    with system_scope("uploaded lists that are over"):
        InvitationList.unscoped.filter(expires_at__lte=at).delete()
