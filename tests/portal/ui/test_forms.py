"""Every form of the portal is labelled, helped and corrected the same way."""

from django import forms
from lxml import html

from portal.ui.forms import Renderer


class Sample(forms.Form):
    email = forms.EmailField(label="E-mail", help_text="The one you use at work.")
    reason = forms.CharField(label="Reason", required=False)
    sure = forms.BooleanField(label="I am sure")


def rendered(data: dict[str, str] | None = None) -> html.HtmlElement:
    return html.fromstring(f"<div>{Sample(data, renderer=Renderer())}</div>")


def test_every_field_has_its_label_and_help() -> None:
    page = rendered()

    assert page.xpath('//label[@for="id_email"]/text()')[0].strip() == "E-mail"
    assert page.get_element_by_id("id_email").get("aria-describedby") == "id_email_helptext"
    assert page.get_element_by_id("id_email_helptext").text == "The one you use at work."
    assert "optional" in page.xpath('//label[@for="id_reason"]')[0].text_content()


def test_an_error_stands_at_its_field_and_in_the_summary() -> None:
    page = rendered({"email": "nobody"})
    field = page.get_element_by_id("id_email")

    assert field.get("aria-invalid") == "true"
    assert "id_email_error" in field.get("aria-describedby").split()
    assert "valid email" in page.get_element_by_id("id_email_error").text_content()
    assert page.xpath('//*[@role="alert"]//a/@href') == ["#id_email", "#id_sure"]
