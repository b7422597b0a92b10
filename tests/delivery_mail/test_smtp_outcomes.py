"""Every exception of the library, of sockets and of TLS has an outcome at every step."""

import inspect
import socket
import ssl

import aiosmtplib.errors
import pytest
from aiosmtplib import SMTPDataError, SMTPResponseException, SMTPServerDisconnected
from hypothesis import given
from hypothesis import strategies as st

from delivery_mail.adapters.smtp_outcomes import TRANSLATED, Step, enhanced_status, outcome_of
from delivery_mail.ports import (
    AccountError,
    MailServerError,
    NotAcceptedError,
    RefusedError,
    UncertainError,
)

pytestmark = pytest.mark.spec("EML-03", "CHN-03")

CODE = 550


def an_example(kind: type[Exception]) -> Exception:
    """An instance with arguments of the types that the constructor names."""
    values = {"message": "Text", "code": CODE, "sender": "a", "recipient": "b", "recipients": []}
    names = [name for name in inspect.signature(kind.__init__).parameters if name in values]
    return kind(*(values[name] for name in names))


LIBRARY = [
    kind
    for kind in vars(aiosmtplib.errors).values()
    if inspect.isclass(kind)
    and issubclass(kind, Exception)
    and kind.__module__ == aiosmtplib.errors.__name__
]
SYSTEM: list[Exception] = [
    OSError(),
    ConnectionRefusedError(),
    ConnectionResetError(),
    BrokenPipeError(),
    TimeoutError(),
    socket.gaierror(-2, "unknown"),
    ssl.SSLError(1, "handshake failure"),
    ssl.SSLCertVerificationError(1, "self-signed"),
    ssl.SSLEOFError(8, "EOF"),
    UnicodeError("label empty or too long"),
]
ERRORS = [an_example(kind) for kind in LIBRARY] + SYSTEM


def test_the_list_of_the_librarys_exceptions_is_not_empty() -> None:
    assert set(aiosmtplib.errors.__all__) == {kind.__name__ for kind in LIBRARY}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_each_exception_is_caught_and_has_an_outcome_at_each_step(error: Exception) -> None:
    assert isinstance(error, TRANSLATED)
    for step in Step:
        outcome = outcome_of(error, step, 1)
        assert type(outcome) is not MailServerError
        assert outcome.text_de


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_after_the_dot_only_a_code_says_anything_but_uncertain(error: Exception) -> None:
    outcome = outcome_of(error, Step.END, 1)
    if isinstance(error, SMTPResponseException):
        assert isinstance(outcome, RefusedError)
    else:
        assert isinstance(outcome, UncertainError)


@pytest.mark.parametrize("step", [step for step in Step if step is not Step.END])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_before_the_dot_nothing_is_uncertain(error: Exception, step: Step) -> None:
    assert not isinstance(outcome_of(error, step, 1), UncertainError)


@given(st.integers(-1, 999), st.sampled_from(Step))
def test_the_class_of_the_code_decides(code: int, step: Step) -> None:
    outcome = outcome_of(SMTPDataError(code, ""), step, 1)
    match code // 100:
        case 4:
            assert isinstance(outcome, NotAcceptedError)
        case 5:
            assert isinstance(outcome, RefusedError | AccountError)
        case _:
            expected = UncertainError if step is Step.END else NotAcceptedError
            assert type(outcome) is expected


@given(st.text(max_size=40), st.integers(200, 599))
def test_a_status_is_only_digits_and_fits_the_code(message: str, code: int) -> None:
    status = enhanced_status(message, code)
    assert status is None or (message.startswith(status) and status[0] == str(code)[0])


@pytest.mark.parametrize(
    ("message", "code", "status"),
    [
        ("5.1.1 <a@post.example> unbekannt", 550, "5.1.1"),
        ("5.1.10 nein", 550, "5.1.10"),
        ("4.2.0 spaeter", 450, "4.2.0"),
        ("4.2.0 widerspricht sich", 550, None),
        ("Zeile mit 5.1.1 mittendrin", 550, None),
        ("", 550, None),
    ],
)
def test_the_status_stands_at_the_start(message: str, code: int, status: str | None) -> None:
    assert enhanced_status(message, code) == status


def test_a_tls_failure_is_found_below_the_librarys_own_exception() -> None:
    error = aiosmtplib.errors.SMTPConnectError("connecting failed")
    error.__cause__ = ssl.SSLCertVerificationError(1, "expired")
    assert isinstance(outcome_of(error, Step.CONNECT), AccountError)
    broken = SMTPServerDisconnected("lost")
    broken.__cause__ = ssl.SSLEOFError(8, "EOF")
    assert isinstance(outcome_of(broken, Step.STARTTLS), NotAcceptedError)
