"""Requests as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from portal.rest.serializers import StrictSerializer, TextField
from portal.tickets.models import Disposal, Finding, Part, Step, Tally, Ticket
from portal.tickets.plans import title_of_step
from portal.tickets.rules import OF_REVOCATION, Scope
from tenants.inventory import ERASABLE_ALONE
from tenants.models import Membership, ServiceAccount, Team


class DisposalInput(StrictSerializer):
    """What becomes of one thing that the person owns."""

    thing = serializers.ChoiceField(choices=Disposal.Thing.choices)
    id = serializers.UUIDField()
    do = serializers.ChoiceField(
        choices=Disposal.Do.choices, help_text="A service account can only be handed over."
    )
    to = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="A member who stays and may look after it; left out: an owner.",
    )


class RevocationInput(StrictSerializer):
    member = serializers.UUIDField(
        required=False, default=None, help_text="Whose access ends, from /members."
    )
    service_account = serializers.UUIDField(
        required=False, default=None, help_text="Or the machine's, from /service-accounts."
    )
    team = serializers.UUIDField(
        required=False, default=None, help_text="Or everybody's in the team, from /teams."
    )
    effective_at = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default=None,
        help_text="When access ends, within the next 365 days; left out: now.",
    )
    reason = TextField(max_length=500, required=False, default="", allow_blank=True)
    plan = DisposalInput(
        many=True,
        required=False,
        default=list,
        help_text="Of a member: what becomes of what they own. Integrations not named go to an"
        " owner, service accounts stay stopped.",
    )

    def validate_member(self, value: Any) -> Membership | None:
        if value is None:
            return None
        actor = self.context["view"].request.actor
        rows = Membership.objects.visible_to(actor)
        found: Membership | None = rows.filter(pk=value).first()
        if found is None:
            raise serializers.ValidationError("There is no such member.")
        return found

    def validate_service_account(self, value: Any) -> ServiceAccount | None:
        if value is None:
            return None
        actor = self.context["view"].request.actor
        rows = ServiceAccount.objects.visible_to(actor).filter(deleted_at=None)
        found: ServiceAccount | None = rows.filter(pk=value).first()
        if found is None:
            raise serializers.ValidationError("There is no such service account.")
        return found

    def validate_team(self, value: Any) -> Team | None:
        if value is None:
            return None
        actor = self.context["view"].request.actor
        found: Team | None = Team.objects.visible_to(actor).filter(pk=value).first()
        if found is None:
            raise serializers.ValidationError("There is no such team.")
        return found

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = [attrs.get("member"), attrs.get("service_account"), attrs.get("team")]
        if named.count(None) != len(named) - 1:
            said = "Name one: a member, a service account or a team."
            raise serializers.ValidationError({"member": said})
        if attrs["plan"] and attrs["member"] is None:
            raise serializers.ValidationError({"plan": "Only a member has things to hand over."})
        attrs["holder"] = attrs["member"] or attrs["service_account"]
        return attrs


DELETION_SCOPES = [scope.value for scope in Scope if scope not in OF_REVOCATION]


class DeletionQuery(StrictSerializer):
    """What a deletion would take: the same words as for filing it."""

    scope = serializers.ChoiceField(choices=DELETION_SCOPES)
    integration = serializers.UUIDField(required=False, default=None)
    member = serializers.UUIDField(required=False, default=None)
    data_class = serializers.ChoiceField(
        choices=[one.value for one in ERASABLE_ALONE], required=False, default=""
    )


class DeletionInput(StrictSerializer):
    scope = serializers.ChoiceField(choices=DELETION_SCOPES)
    integration = serializers.UUIDField(
        required=False, default=None, help_text="Needed for the scope `integration`."
    )
    member = serializers.UUIDField(
        required=False, default=None, help_text="Needed for the scope `person`, from /members."
    )
    data_class = serializers.ChoiceField(
        choices=[one.value for one in ERASABLE_ALONE],
        required=False,
        default="",
        help_text="Needed for the scope `data_class`.",
    )
    revoke = serializers.BooleanField(
        required=False,
        default=False,
        help_text="For the scope `person`: revoke the access of somebody who still has it.",
    )
    confirmation = TextField(max_length=320, help_text="The name of what goes, letter for letter.")
    reason = TextField(max_length=500, required=False, default="", allow_blank=True)


class EvidenceInput(StrictSerializer):
    evidence = TextField(max_length=2000, help_text="What was done, as `evidence_asked` says.")
    reference = TextField(
        max_length=500,
        required=False,
        default="",
        allow_blank=True,
        help_text="A number or an address under which it can be looked up.",
    )


class NoInput(StrictSerializer):
    """A verb without a body."""


class SubjectOutput(serializers.Serializer[Any]):
    kind = serializers.CharField(source="subject_kind")
    id = serializers.UUIDField(source="subject_id")
    name = serializers.CharField(source="subject_label")


class TicketOutput(serializers.ModelSerializer[Ticket]):
    subject = SubjectOutput(source="*")
    filed_by = serializers.CharField(source="requester_name")
    confirmed_by = serializers.CharField(source="confirmer_name")
    is_late = serializers.SerializerMethodField()
    is_at_risk = serializers.SerializerMethodField()

    class Meta:
        model = Ticket
        fields = [
            "id",
            "number",
            "kind",
            "scope",
            "status",
            "subject",
            "reason",
            "filed_by",
            "confirmed_by",
            "filed_at",
            "scheduled_for",
            "received_at",
            "due_at",
            "contained_at",
            "confirmed_at",
            "cooling_off_until",
            "started_at",
            "destroyed_at",
            "met_at",
            "ended_at",
            "is_late",
            "is_at_risk",
            "paused_seconds",
            "progress_done",
            "progress_total",
            "version",
        ]

    def to_representation(self, instance: Ticket) -> Any:
        return super().to_representation(instance.as_of(self.context["request"].at))

    def get_is_late(self, ticket: Ticket) -> bool:
        return ticket.is_late(self.context["request"].at)

    def get_is_at_risk(self, ticket: Ticket) -> bool:
        return ticket.is_at_risk(self.context["request"].at)


class StepOutput(serializers.ModelSerializer[Step]):
    title = serializers.SerializerMethodField()
    assignee = serializers.CharField(source="assignee_name")
    completed_by = serializers.CharField(source="completer_name")

    class Meta:
        model = Step
        fields = [
            "id",
            "position",
            "name",
            "title",
            "status",
            "attempts",
            "rounds",
            "started_at",
            "finished_at",
            "done",
            "total",
            "error_code",
            "waiting_since",
            "asks",
            "evidence_asked",
            "needs_reference",
            "answer_due_at",
            "assignee",
            "is_for_vendor",
            "evidence",
            "reference",
            "completed_by",
        ]

    def get_title(self, step: Step) -> str:
        return title_of_step(step.ticket.kind, step)


class FindingOutput(serializers.ModelSerializer[Finding]):
    class Meta:
        model = Finding
        fields = ["kind", "label", "last_used_at", "tried", "answer", "detail", "tried_at"]


class TallyOutput(serializers.ModelSerializer[Tally]):
    class Meta:
        model = Tally
        fields = ["store", "label", "before", "root", "erased", "after", "checked_at"]


class GoesOutput(serializers.Serializer[Any]):
    store = serializers.CharField(source="label")
    count = serializers.IntegerField()


class StaysOutput(serializers.Serializer[Any]):
    what = serializers.CharField()
    because = serializers.CharField()


class DeletionEffectOutput(serializers.Serializer[Any]):
    """What a deletion would take, counted now, what it would leave, and the name to confirm it."""

    scope = serializers.CharField()
    confirmation = serializers.CharField()
    goes = GoesOutput(many=True)
    stays = StaysOutput(many=True)


class PartOutput(serializers.ModelSerializer[Part]):
    """One person of a request about a team: the number of their own, or why there is none."""

    member = serializers.UUIDField(source="member_id")
    request = serializers.CharField(source="request.number", default=None)
    status = serializers.CharField(source="request.status", default=None)

    class Meta:
        model = Part
        fields = ["member", "request", "status", "is_joined", "refusal"]


class EvidenceOutput(serializers.Serializer[Any]):
    """Steps, refused credentials, stores counted before and after, and the people of a team."""

    steps = StepOutput(many=True)
    credentials = FindingOutput(many=True)
    stores = TallyOutput(many=True)
    people = PartOutput(many=True)
