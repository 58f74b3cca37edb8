"""Why a sign-in is turned away: one reason each, with what to tell the person and the admin."""

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from audit.refusals import Refusal
from portal.sso.verdicts import Check


class Reason(TextChoices):
    """The verdict of a refused sign-in; its label is the sentence people read."""

    TOO_LARGE = "too_large", _("The sign-in response is larger than 256 KB.")
    NOT_BASE64 = "not_base64", _("The sign-in response is not valid Base64.")
    NOT_XML = "not_xml", _("The sign-in response is not well-formed XML in UTF-8.")
    FORBIDDEN_MARKUP = (
        "forbidden_markup",
        _("The sign-in response contains markup that SAML has no use for."),
    )
    WRONG_STRUCTURE = (
        "wrong_structure",
        _("The sign-in response is not built as the SAML standard says."),
    )
    ENCRYPTED = "encrypted", _("A part of the assertion is encrypted on its own.")
    WEAK_ENCRYPTION = (
        "weak_encryption",
        _("The assertion is encrypted in a way that is not accepted."),
    )
    DECRYPTION = (
        "decryption",
        _("The encrypted assertion cannot be opened, or is not what was signed."),
    )
    UNSIGNED = "unsigned", _("The sign-in response carries no signature.")
    WRONG_SIGNATURE_SHAPE = (
        "wrong_signature_shape",
        _("The signature does not cover the assertion in the one permitted way."),
    )
    WEAK_ALGORITHM = (
        "weak_algorithm",
        _("The signature uses an algorithm that is not accepted."),
    )
    SIGNATURE = (
        "signature",
        _("The signature is not the identity provider's."),
    )
    NOT_SUCCESS = "not_success", _("The identity provider says that the sign-in did not succeed.")
    ISSUER = "issuer", _("The response comes from another identity provider.")
    DESTINATION = "destination", _("The response is meant for another address.")
    AUDIENCE = "audience", _("The sign-in is meant for another application.")
    RECIPIENT = "recipient", _("The assertion was handed to another recipient.")
    EXPIRED = "expired", _("The sign-in response has expired.")
    TOO_EARLY = "too_early", _("The sign-in response is not valid yet.")
    UNSOLICITED = (
        "unsolicited",
        _("Nobody asked the identity provider for this sign-in; start it from here."),
    )
    OTHER_BROWSER = (
        "other_browser",
        _("This sign-in was not started in this browser, or was started too long ago."),
    )
    REPLAYED = "replayed", _("This assertion has been used before.")
    SUBJECT = "subject", _("The sign-in response does not name a person in a lasting way.")
    CONFIRMATION = "confirmation", _("The assertion is not confirmed for the bearer.")
    ATTRIBUTES = "attributes", _("The attributes of the assertion are ambiguous.")
    UNREACHABLE = "unreachable", _("The identity provider could not be reached.")
    WRONG_ANSWER = (
        "wrong_answer",
        _("The identity provider's answer is not what OpenID Connect prescribes."),
    )
    NOT_SET_UP = (
        "not_set_up",
        _("This way of signing in is not set up at this installation of Gatehouse."),
    )
    NOT_ALLOWED = "not_allowed", _("This organization does not accept this way of signing in.")
    TOKEN = "token", _("The ID token is missing or cannot be read.")
    UNKNOWN_KEY = (
        "unknown_key",
        _("The ID token is signed with a key that the identity provider does not publish."),
    )
    NONCE = "nonce", _("The ID token was made for another sign-in.")
    HOSTED_DOMAIN = (
        "hosted_domain",
        _("This Google account is not in the organization's Workspace domain."),
    )
    TENANT = "tenant", _("This account is not in the organization's Microsoft tenant.")
    EMAIL_NOT_VERIFIED = (
        "email_not_verified",
        _("The identity provider does not vouch for the e-mail address."),
    )
    NO_EMAIL = "no_email", _("The sign-in response carries no single, plain e-mail address.")
    FOREIGN_DOMAIN = (
        "foreign_domain",
        _("The e-mail address is not in a domain that this organization has proven to own."),
    )
    EMAIL_TAKEN = (
        "email_taken",
        _("This address belongs to an account that signs in another way."),
    )
    NOT_LINKED = (
        "not_linked",
        _(
            "You look after this workspace: sign in as you do now, "
            "then start single sign-on again in the same browser."
        ),
    )
    NOT_INVITED = (
        "not_invited",
        _("This organization does not let people in at their first single sign-on."),
    )
    REVOKED = "revoked", _("Your access to this workspace was taken away.")
    INACTIVE = "inactive", _("This SSO connection is not in use.")
    STALE_SIGN_IN = "stale_sign_in", _("The identity provider did not ask you to sign in afresh.")
    OTHER_PERSON = "other_person", _("You signed in as somebody else.")
    TOO_MANY = "too_many", _("Too many sign-in attempts. Wait a minute and try again.")


BAD_INPUT = frozenset(
    {
        Reason.TOO_LARGE,
        Reason.NOT_BASE64,
        Reason.NOT_XML,
        Reason.FORBIDDEN_MARKUP,
        Reason.WRONG_STRUCTURE,
    }
)


class SignInRefused(Refusal):
    """A sign-in that came to nothing; `expected` and `received` hold no secret."""

    status = 403
    code = "sign-in-refused"

    def __init__(
        self,
        reason: Reason,
        *,
        expected: str = "",
        received: str = "",
        checks: tuple[Check, ...] = (),
        claims: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        super().__init__(str(reason.label))
        self.reason = reason
        self.expected = expected[:300]
        self.received = received[:300]
        # For the flight recorder: how each rule went, and the claims as far as they were read.
        self.checks = checks
        self.claims = claims or {}

    @property
    def http_status(self) -> int:
        if self.reason is Reason.TOO_MANY:
            return 429
        return 400 if self.reason in BAD_INPUT else 403
