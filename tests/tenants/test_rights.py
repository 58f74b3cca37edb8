"""What a set of names allows."""

from tenants.permissions import Permission
from tenants.rights import known, united


def test_the_whole_catalogue_includes_the_part_of_ones_teams() -> None:
    """Or search would show what the catalogue's own page refuses."""
    both = {Permission.CATALOG_VIEW, Permission.CATALOG_VIEW_ALL}

    assert known(["catalog:view_all", "of:a_former_release"]) == both
    assert united(frozenset(), [["catalog:view_all"]]) == both
