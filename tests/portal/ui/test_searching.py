"""The search box finds in every feature: no group of results takes another's place."""

import pytest

from portal.ui import searching
from portal.ui.searching import Provider


def test_a_place_is_given_once() -> None:
    taken = next(iter(searching._providers))
    second = Provider(label="Second", icon="box", order=taken, search=lambda *_asked: [])

    with pytest.raises(ValueError, match="place"):
        searching.register(second)


def test_people_teams_and_the_catalogue_are_all_found() -> None:
    labels = {str(provider.label) for provider in searching._providers.values()}

    assert {"People", "Teams", "Catalogue", "Integrations", "Requests", "Audit log"} <= labels
