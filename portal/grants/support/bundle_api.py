"""The staff's side of the API: bundles that customers sent with their cases."""

from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.grants.across_bundles import bundle_page, visiting_bundle
from portal.grants.actions.bundling import open_bundle
from portal.grants.bundle_api import BundleOutput
from portal.grants.models import Bundle
from portal.grants.support.api import SupportViewSet
from portal.rest.routing import register
from tenants.permissions import Permission


class SentBundleOutput(serializers.ModelSerializer[Bundle]):
    """That there is one; what it says is read one by one, and shown to the customer."""

    organization = serializers.CharField(source="organization.slug")
    case = serializers.CharField(source="case.reference")

    class Meta:
        model = Bundle
        fields = ["organization", "id", "case", "sent_at"]


class OpenedBundleOutput(SentBundleOutput):
    document = serializers.SerializerMethodField()

    class Meta(SentBundleOutput.Meta):
        fields = [*SentBundleOutput.Meta.fields, "document"]

    get_document = BundleOutput.get_document


class SupportBundleViewSet(SupportViewSet):
    model = Bundle
    permissions = {"list": Permission.CASE_VIEW, "retrieve": open_bundle.permission}
    outputs = {"list": SentBundleOutput, "retrieve": OpenedBundleOutput}

    def list(self, request: Request) -> Response:
        """Bundles that were sent, of all customers, newest first."""
        page = bundle_page(self.request.actor, cursor=self.query["cursor"], size=self.query["size"])
        return self.show_page(page, SentBundleOutput)

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One bundle with its signed document. The customer sees that you opened it."""
        with visiting_bundle(self.request.actor, pk) as (visitor, bundle):
            opened = open_bundle(bundle, actor=visitor, at=self.request.at, route="api bundle")
            return self.answer(opened)


register("support/bundles", SupportBundleViewSet, basename="api-support-bundle")
