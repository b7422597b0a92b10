"""Mail addresses that every channel can write from and to."""

from email_validator import EmailNotValidError, validate_email


def normal_mail_address(text: str) -> str | None:
    """The address with its domain in lower case, umlauts of the domain kept; None if it is none.

    Before the @ only ASCII (SMTPUTF8): too many mail servers refuse the rest. Asks no name server.
    """
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        return None
    return found.normalized
