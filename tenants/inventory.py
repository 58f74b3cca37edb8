"""Where every stored thing belongs: the data classes, and what each deletion takes or leaves.

Derived from the models themselves. A model in no class fails a test, so that a deletion cannot
forget a table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.apps import apps
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DataClass(StrEnum):
    """What kind of data a table holds, in the words of the deletion form."""

    ORGANIZATION = "organization"
    PEOPLE = "people"
    SIGN_IN = "sign_in"
    CREDENTIALS = "credentials"
    CATALOG = "catalog"
    UPLOADS = "uploads"
    SAMPLES = "samples"
    ACTIVITY = "activity"
    METRICS = "metrics"
    SIGN_IN_LOG = "sign_in_log"
    REQUESTS = "requests"
    SUPPORT = "support"
    EVIDENCE = "evidence"
    OPERATION = "operation"


@dataclass(frozen=True, slots=True)
class ClassNote:
    """How a data class reads on screen, and why it stays when all metadata goes."""

    label: str | Promise
    stays_because: str | Promise = ""


# Classes that a deletion of metadata takes; everything else states why it stays.
METADATA_CLASSES: frozenset[DataClass] = frozenset(
    {
        DataClass.CATALOG,
        DataClass.UPLOADS,
        DataClass.SAMPLES,
        DataClass.ACTIVITY,
        DataClass.METRICS,
    }
)
# Classes that may be erased on their own: the workspace works on without what they hold.
ERASABLE_ALONE: tuple[DataClass, ...] = (
    DataClass.SAMPLES,
    DataClass.METRICS,
    DataClass.UPLOADS,
    DataClass.ACTIVITY,
    DataClass.SIGN_IN_LOG,
)
# All that is left of a closed organization, beside its own row.
KEPT_AT_CLOSING: frozenset[DataClass] = frozenset(
    {DataClass.REQUESTS, DataClass.EVIDENCE, DataClass.OPERATION}
)

NOTES: Mapping[DataClass, ClassNote] = {
    DataClass.ORGANIZATION: ClassNote(
        _("Workspace and its policies"), _("the workspace works on after the deletion")
    ),
    DataClass.PEOPLE: ClassNote(
        _("People, teams and roles"), _("members keep their access to the workspace")
    ),
    DataClass.SIGN_IN: ClassNote(
        _("Sign-in and SSO settings"), _("members must still be able to sign in")
    ),
    DataClass.CREDENTIALS: ClassNote(
        _("API tokens of members"), _("they belong to people, not to the metadata")
    ),
    DataClass.CATALOG: ClassNote(_("Integrations, resources and fields")),
    DataClass.UPLOADS: ClassNote(_("Uploaded files")),
    DataClass.SAMPLES: ClassNote(_("Samples of your data")),
    DataClass.ACTIVITY: ClassNote(_("Import runs and logs")),
    DataClass.METRICS: ClassNote(_("Metrics and results of checks")),
    DataClass.SIGN_IN_LOG: ClassNote(
        _("Records of sign-ins and of the directory"),
        _("they help to repair sign-in, and end by themselves after 30 days"),
    ),
    DataClass.REQUESTS: ClassNote(
        _("Requests and certificates"), _("they prove that the deletion was done")
    ),
    DataClass.SUPPORT: ClassNote(
        _("Support cases and diagnostic access"), _("they show what the vendor's staff saw")
    ),
    DataClass.EVIDENCE: ClassNote(
        _("Audit log"), _("it is the evidence; it holds no metadata of your sources")
    ),
    DataClass.OPERATION: ClassNote(
        _("Records of the system's own work"), _("they hold numbers and names of jobs only")
    ),
}

# Tables that are not ours to annotate: Django's and allauth's own.
FOREIGN_MODELS: Mapping[str, DataClass] = {
    "account.EmailAddress": DataClass.PEOPLE,
    "account.EmailConfirmation": DataClass.SIGN_IN,
    "accounts.User": DataClass.PEOPLE,
    "audit.Checkpoint": DataClass.EVIDENCE,
    "audit.DataKey": DataClass.EVIDENCE,
    "audit.Event": DataClass.EVIDENCE,
    "audit.Leaf": DataClass.EVIDENCE,
    "audit.TreeHead": DataClass.EVIDENCE,
    "auth.Group": DataClass.OPERATION,
    "auth.Permission": DataClass.OPERATION,
    "contenttypes.ContentType": DataClass.OPERATION,
    "mfa.Authenticator": DataClass.SIGN_IN,
    "sessions.Session": DataClass.SIGN_IN,
    "sites.Site": DataClass.OPERATION,
    "socialaccount.SocialAccount": DataClass.SIGN_IN,
    "socialaccount.SocialApp": DataClass.SIGN_IN,
    "socialaccount.SocialToken": DataClass.SIGN_IN,
    "tenants.Organization": DataClass.ORGANIZATION,
}


def class_of(model: type[models.Model]) -> DataClass | None:
    """The class a model belongs to; None means that nobody has decided yet."""
    declared = getattr(model, "data_class", None)
    if isinstance(declared, DataClass):
        return declared
    return FOREIGN_MODELS.get(model._meta.label)  # noqa: SLF001


def unclassified() -> list[str]:
    """Labels of models without a class. A test holds this empty."""
    return [m._meta.label for m in apps.get_models() if class_of(m) is None]  # noqa: SLF001


def models_of(*classes: DataClass) -> list[type[models.Model]]:
    """Every model of the given classes, children before the parents they point to."""
    chosen = [m for m in apps.get_models() if class_of(m) in classes]
    return _children_first(chosen)


def _children_first(chosen: list[type[models.Model]]) -> list[type[models.Model]]:
    ordered: list[type[models.Model]] = []
    seen: set[type[models.Model]] = set()

    def visit(model: type[models.Model]) -> None:
        if model in seen:
            return
        seen.add(model)
        for child in chosen:
            if model in _parents(child) and child is not model:
                visit(child)
        ordered.append(model)

    for model in chosen:
        visit(model)
    return ordered


def _parents(model: type[models.Model]) -> set[object]:
    return {f.related_model for f in model._meta.concrete_fields if f.is_relation}  # noqa: SLF001
