"""The doors around the tenant's walls are few, and each is written down here."""

import ast

from django.apps import apps

from tenants import inventory
from tenants.scoping import TenantModel
from tests.architecture.sources import calls, modules, name_of, tree

# Who may look over all organizations, to find ids and where they belong.
SYSTEM_SCOPE_CALLERS = {
    "portal/catalog/tasks.py",  # sweep: imports nobody works on, files that are overdue
    "portal/console/envelopes.py",  # envelopes of requests, before their scope opens
    "portal/console/measuring.py",  # how access was decided and used, by customer
    "portal/console/reporting.py",  # how the promise was kept, by customer
    "portal/console/overview.py",  # which organizations there are
    "portal/demo/building.py",  # does a demo organization stand, even if it was closed?
    "portal/directory/joining.py",  # does a person who comes back belong elsewhere too?
    "portal/directory/sweeps.py",  # who comes back, what was released, calls that are old
    "portal/directory/tokens.py",  # token prefix
    "portal/evidence/tasks.py",  # sealing: whose events wait
    "portal/fulfilment/deletion/accounts.py",  # does another workspace keep the account?
    "portal/fulfilment/owing.py",  # erasures that a restored database owes
    "portal/fulfilment/revocation/cutting.py",  # does a session serve another workspace?
    "portal/grants/across.py",  # a staff member's cases and grants, by id
    "portal/grants/across_bundles.py",  # bundles that customers sent, by id
    "portal/grants/across_disputes.py",  # disputes of all customers, by id
    "portal/grants/metrics.py",  # counts for Prometheus
    "portal/grants/staff.py",  # customer of a grant, place of a staff member
    "portal/grants/vendor.py",  # the vendor's rules, asked at a customer's
    "portal/grants/sweeps.py",  # grants whose time has come
    "portal/outlets/tasks.py",  # the mailer: whose log has grown
    "portal/people/sweeps.py",  # ends of access that are near, uploads nobody confirmed
    "portal/rest/sweeps.py",  # kept answers that are over
    "portal/sso/census.py",  # who is a member elsewhere?
    "portal/sso/connecting.py",  # connection by its id
    "portal/sso/emergency.py",  # whose break-glass code is this?
    "portal/sso/policy_registrations.py",  # trials that are over, codes of former owners
    "portal/sso/standing.py",  # is this person a member elsewhere?
    "portal/sso/sweeps.py",  # what is over; domains and connections to look at
    "portal/sso/ways_in.py",  # e-mail domain
    "portal/console/steps.py",  # steps that wait for the vendor, of all customers
    "portal/tickets/metrics.py",  # requests counted by their clocks
    "portal/tickets/sweeps.py",  # requests with work to do, or whose time runs out
    "tenants/access.py",  # is the staff member behind an action still there?
    "tenants/actions/organizations.py",  # making one; is an address taken?
    "tenants/resolving.py",  # workspace address, vendor, workspace switcher
    "tenants/tokens.py",  # token prefix
}
BASE_MANAGER_USERS: set[str] = set()


def test_only_listed_modules_open_a_system_scope() -> None:
    callers = {name_of(p) for p in modules() if any(calls(p, "system_scope"))}

    assert callers == SYSTEM_SCOPE_CALLERS


def test_only_listed_modules_leave_the_scoped_manager() -> None:
    users: dict[str, set[str]] = {"unscoped": set(), "_base_manager": set()}
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and node.attr in users:
                users[node.attr].add(name_of(path))

    assert users["unscoped"] <= SYSTEM_SCOPE_CALLERS
    assert users["_base_manager"] == BASE_MANAGER_USERS


def test_every_model_of_a_feature_belongs_to_an_organization_or_says_why_not() -> None:
    # Rows of the system's own work: they name no tenant, or name it by a plain column.
    stateless = {"queue.SweepRun", "queue.Heartbeat"}
    ours = [m for m in apps.get_models() if m.__module__.startswith(("portal.", "tenants."))]

    strays = {
        m._meta.label
        for m in ours
        if not issubclass(m, TenantModel) and m._meta.label != "tenants.Organization"
    }

    assert strays <= stateless


def test_every_model_is_in_the_data_inventory() -> None:
    assert inventory.unclassified() == []


def test_the_inventory_names_no_model_that_is_gone() -> None:
    known = {m._meta.label for m in apps.get_models()}

    assert {label for label in inventory.FOREIGN_MODELS if label not in known} <= {
        "auth.Group",
        "auth.Permission",
        "contenttypes.ContentType",
        "sites.Site",
        "socialaccount.SocialApp",
    }


def test_no_tenant_table_has_an_empty_organization() -> None:
    for model in apps.get_models():
        if issubclass(model, TenantModel):
            assert not model._meta.get_field("organization").null, model


def test_nothing_cascades_into_the_audit_log() -> None:
    for model in apps.get_app_config("audit").get_models():
        assert not [f for f in model._meta.concrete_fields if f.is_relation], model
