"""What is hidden of free text: the ways in which sources and people quote a value."""

import pytest

from portal.grants.masking import HIDDEN, mask


@pytest.mark.parametrize(
    "quoted",
    [
        "\u201cAda Okafor\u201d",
        "\u201eAda Okafor\u201c",
        "\u2018Ada Okafor\u2019",
        "«Ada Okafor»",
        "'Ada Okafor'",
        f'"Ada Okafor{" and others" * 40}"',
        "ada@acme.test",
    ],
)
def test_a_quoted_value_is_hidden_whole(quoted: str) -> None:
    said = mask(f"Seen {quoted} twice", lifted=False)

    assert (said.text, said.hidden) == (f"Seen {HIDDEN} twice", True)


def test_what_a_database_says_of_a_row_is_hidden() -> None:
    said = mask("Key (name)=(Ada Okafor) already exists.", lifted=False)

    assert said.text == f"Key (name)={HIDDEN} already exists."


def test_nothing_is_hidden_where_the_customer_lifts_it() -> None:
    assert mask("\u201cAda\u201d", lifted=True).text == "\u201cAda\u201d"
