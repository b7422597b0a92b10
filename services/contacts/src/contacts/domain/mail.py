"""Mail addresses: which ones are real in form, and how they go over the wire."""

from email_validator import EmailNotValidError, ValidatedEmail, validate_email


class MailAddressInvalidError(ValueError):
    """No address that the mail channel could write to."""


def normal_mail_address(text: str) -> str:
    """The address with its domain in lower case, umlauts of the domain kept.

    Raises `MailAddressInvalidError`, also for anything but ASCII before the @ (SMTPUTF8): too
    many mail servers refuse it. Asks no name server.
    """
    return _checked(text).normalized


def wire_mail_address(text: str) -> str:
    """The same address in ASCII, as SMTP wants it (IDNA 2008)."""
    wire = _checked(text).ascii_email
    assert wire is not None
    return wire


def _checked(text: str) -> ValidatedEmail:
    try:
        return validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise MailAddressInvalidError("not a mail address") from None
