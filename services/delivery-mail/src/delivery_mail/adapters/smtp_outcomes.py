"""What an SMTP answer or a lost connection means, by the step at which it came and by its code.

The code decides, not the exception: RCPT 450 and RCPT 550 come as the same class.
"""

import re
import ssl
from enum import StrEnum
from typing import TypeVar

from aiosmtplib import SMTPException, SMTPResponseException

from delivery_mail import texts
from delivery_mail.ports import (
    AccountError,
    MailServerError,
    NotAcceptedError,
    RefusedError,
    TooLargeForServerError,
    UncertainError,
)

_E = TypeVar("_E", bound=MailServerError)

TRANSLATED = (SMTPException, OSError, UnicodeError)
"""What aiosmtplib, sockets and TLS raise, and a host name that no DNS can hold (UnicodeError).

ssl.SSLError and TimeoutError are OSErrors.
"""

_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
_BROKEN_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
_LOGIN_CODES = {534, 535, 538}  # RFC 4954 section 6
_LOGIN_REQUIRED = 530  # RFC 4954 section 6, and RFC 3207 section 4
_EXCEEDED = 552  # size at MAIL (RFC 1870), storage elsewhere (RFC 5321)
_TOO_LARGE = {"5.2.3", "5.3.4"}  # RFC 3463
_BY_STATUS = {
    "5.1.1": "recipient-unknown",
    "5.1.2": "recipient-unknown",
    "5.1.3": "recipient-unknown",
    "5.1.6": "recipient-unknown",
    "5.1.10": "recipient-unknown",
    "5.2.1": "mailbox-disabled",
    "5.2.2": "mailbox-full",
}


class Step(StrEnum):
    """How far the conversation is; up to CONTENT the server cannot have the mail."""

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    LOGIN = "login"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"
    END = "end"  # the final dot has left


def outcome_of(error: Exception, step: Step, size_bytes: int = 0) -> MailServerError:
    """The error in our words. Total: any exception at any step has an outcome."""
    if isinstance(error, SMTPResponseException):
        match error.code // 100:
            case 4:
                return _deferred(error, step)
            case 5:
                return _refused(error, step, size_bytes)
    if step is Step.END:
        return UncertainError("outcome-unknown", text_de=texts.reason("outcome-unknown"))
    return _unanswered(error, step)


def enhanced_status(message: str, code: int) -> str | None:
    """The RFC 3463 status at the start of an answer, where its class fits the code."""
    found = _ENHANCED.match(message)
    if found is None or found[1][0] != str(code)[0]:
        return None
    return found[1]


def too_large(
    size_bytes: int, *, limit_bytes: int | None = None, error: SMTPResponseException | None = None
) -> TooLargeForServerError:
    size = texts.german_size(size_bytes)
    if limit_bytes is None:
        text = texts.reason("mail-too-large-for-server", size=size)
    else:
        limit = texts.german_size(limit_bytes)
        text = texts.reason("mail-too-large-for-server-limit", size=size, limit=limit)
    return TooLargeForServerError(
        text_de=text,
        size_bytes=size_bytes,
        limit_bytes=limit_bytes,
        code=error.code if error else None,
        enhanced_status=enhanced_status(error.message, error.code) if error else None,
    )


def _deferred(error: SMTPResponseException, step: Step) -> NotAcceptedError:
    slug = "recipient-deferred" if step is Step.RCPT else "server-deferred"
    return _with_code(NotAcceptedError, slug, error)


def _refused(error: SMTPResponseException, step: Step, size_bytes: int) -> MailServerError:
    account_slug = _account_slug(error.code, step)
    if account_slug is not None:
        return _with_code(AccountError, account_slug, error)
    status = enhanced_status(error.message, error.code)
    exceeded = step is Step.MAIL and error.code == _EXCEEDED and status != "5.2.2"
    if exceeded or status in _TOO_LARGE:
        return too_large(size_bytes, error=error)
    return _with_code(RefusedError, _refusal_slug(error.code, status, step), error)


def _account_slug(code: int, step: Step) -> str | None:
    """The reason why all mails of the account would meet this refusal, if they would."""
    match step:
        case Step.CONNECT | Step.EHLO:
            return "server-blocks-us"
        case Step.STARTTLS:
            return "tls-unsupported"
        case Step.LOGIN:
            return "login-refused"
        case Step.END:
            return None
    if code == _LOGIN_REQUIRED:
        return "login-required"
    return "login-refused" if code in _LOGIN_CODES else None


def _refusal_slug(code: int, status: str | None, step: Step) -> str:
    if step is Step.MAIL:
        return "sender-refused"
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status is not None and status.startswith("5.7."):
        return "refused-by-policy"
    if step is Step.RCPT:
        return "mailbox-full" if code == _EXCEEDED else "recipient-refused"
    return "message-refused"


def _unanswered(error: Exception, step: Step) -> MailServerError:
    """No code to go by, and the final dot has not left."""
    slug: str = "connection-lost"
    kind: type[MailServerError] = NotAcceptedError
    if _is_tls_failure(error):
        slug, kind = "tls-failed", AccountError
    elif isinstance(error, SMTPResponseException):
        slug = "reply-unreadable"
    elif not isinstance(error, OSError) and step is Step.STARTTLS:
        slug, kind = "tls-unsupported", AccountError
    elif not isinstance(error, OSError) and step is Step.LOGIN:
        slug, kind = "login-unsupported", AccountError
    elif step is Step.CONNECT:
        slug = "server-unreachable"
    return kind(slug, text_de=texts.reason(slug))


def _is_tls_failure(error: Exception) -> bool:
    """Whether TLS said no, as against a connection that broke off during it."""
    candidates = (error, error.__cause__)
    return any(isinstance(e, ssl.SSLError) and not isinstance(e, _BROKEN_OFF) for e in candidates)


def _with_code(kind: type[_E], slug: str, error: SMTPResponseException) -> _E:
    return kind(
        slug,
        text_de=texts.reason(slug, code=error.code),
        code=error.code,
        enhanced_status=enhanced_status(error.message, error.code),
    )
