"""The same change for many invitations at once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from portal.people.actions.many import PreviewOvertaken
from portal.people.invited import Ask, InvitedOutcome, Wish, foresee_invited
from tenants.access import Actor, action
from tenants.actions.invited import cancel_invitations, edit_invitations, resend_invitations
from tenants.permissions import Permission


@action(Permission.MEMBER_INVITE)
def change_invited(
    ids: Sequence[UUID], wish: Wish, *, actor: Actor, at: datetime, digest: str
) -> InvitedOutcome:
    """Do what the preview with this digest showed, to the letter. Raises PreviewOvertaken."""
    outcome = foresee_invited(ids, wish, actor=actor, at=at, lock=True)
    if outcome.digest != digest:
        raise PreviewOvertaken(_("Something changed meanwhile. Look again, then decide."))
    chosen = [line.invitation.pk for line in outcome.done]
    if wish.do == Ask.RESEND:
        resend_invitations(chosen, actor=actor, at=at)
    elif wish.do == Ask.CANCEL:
        cancel_invitations(chosen, actor=actor, at=at)
    else:
        edit_invitations(chosen, wish.edit(actor), actor=actor, at=at)
    return outcome
