"""What gives a role by itself, such as a mapping of groups: the features above tell how often."""

from collections.abc import Callable

from tenants.models import Role

# How many of its mappings give the role; read inside the transaction that holds the role.
Count = Callable[[Role], int]
_givers: dict[str, Count] = {}


def register(words: str, count: Count) -> None:
    """`words` names the mappings in a refusal, as in “group mappings: 2”."""
    _givers[words] = count


def given_by(role: Role) -> dict[str, int]:
    return {words: count(role) for words, count in _givers.items()}
