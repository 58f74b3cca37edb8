"""The page that lists every demo account with its current code."""

from django.http import HttpRequest, HttpResponse

from portal.demo.codes import code_of
from portal.demo.world import FIRMS, PASSWORD
from portal.sso.development.employees import EMPLOYEES
from portal.ui.needs import open_to_all
from portal.ui.pages import page


@open_to_all(reason="Demo accounts are known to everybody; the route exists in the demo only.")
def list_accounts(request: HttpRequest) -> HttpResponse:
    firms = [
        {
            "name": firm.name,
            "people": [
                {"person": one, "code": code_of(one), "next": code_of(one, ahead=1)}
                for one in firm.people
            ],
            "employees": EMPLOYEES.get(firm.slug, ()),
        }
        for firm in FIRMS
    ]
    return page(
        request,
        "demo/accounts.html",
        {"firms": firms, "password": PASSWORD},
        fragment="demo/_accounts.html",
    )
