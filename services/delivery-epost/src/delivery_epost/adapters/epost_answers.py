"""From an answer that is no success to the error that says what happens next."""

import re
from typing import Any

from delivery_epost.adapters.epost_errors import CATALOGUE, UNKNOWN_ERROR, Entry, Outcome
from delivery_epost.adapters.epost_wire import Answer, Call, lost
from delivery_epost.ports import (
    AccessBlockedError,
    DuplicateError,
    NotAcceptedError,
    PostError,
    PostNumber,
    RefusedError,
    SlowDownError,
)

_CODE = re.compile(r"[EWI]\d{3}")
_LETTER_ID = re.compile(r"letter\s*id\D{0,10}(\d{1,18})", re.IGNORECASE)
_PAUSES_S = {"E003": 15 * 60.0, "E322": 5.0}
_PAUSE_S = 60.0
_TOO_MANY_REQUESTS = 429
_CLIENT_ERROR = 400
_UNAUTHORIZED = 401
_SERVER_ERROR = 500


def code_of(answer: Answer) -> str:
    """Return the catalogue code of the answer's Error object, or nothing."""
    code = answer.body.get("code") if isinstance(answer.body, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def wants_login(answer: Answer) -> bool:
    return answer.status == _UNAUTHORIZED and code_of(answer) in ("", "E101")


def is_nothing_found(answer: Answer) -> bool:
    return code_of(answer) == "E201"


def refusal(answer: Answer, call: Call) -> PostError:
    """Sort an answer; only one in the provider's own words, or 401, 413, 429, proves anything."""
    code = code_of(answer)
    entry = CATALOGUE.get(code, UNKNOWN_ERROR)
    if answer.status == _TOO_MANY_REQUESTS or entry.outcome is Outcome.SLOW_DOWN:
        return _slow_down(answer, code)
    if answer.status >= _SERVER_ERROR:
        # A failing server proves nothing, except where it says that it did not even try.
        is_proof = entry.outcome is Outcome.NOT_ACCEPTED
        return _sorted(entry, code, answer) if is_proof else lost(call, f"HTTP{answer.status}")
    if answer.status < _CLIENT_ERROR:
        return lost(call, "unreadable")
    if code:
        return _sorted(entry, code, answer)
    return _without_code(answer, call)


def unanswered(failure: PostError) -> PostError:
    """Keep a refusal of our question from looking like the refusal of a letter."""
    if isinstance(failure, RefusedError | DuplicateError):
        return NotAcceptedError(failure.slug, failure.code, failure.text_de)
    return failure


def _slow_down(answer: Answer, code: str) -> SlowDownError:
    entry = CATALOGUE.get(code, CATALOGUE["E322"])
    pause_s = answer.retry_after_s or _PAUSES_S.get(code, _PAUSE_S)
    return SlowDownError(entry.slug, code or "HTTP429", entry.text_de, pause_s)


def _without_code(answer: Answer, call: Call) -> PostError:
    code = f"HTTP{answer.status}"
    match answer.status:
        case 401:
            return _not_accepted(CATALOGUE["E101"], code)
        case 413:
            entry = CATALOGUE["E303"]
            return RefusedError(entry.slug, code, entry.text_de, permanent=True)
        case _:
            return lost(call, code)


def _sorted(entry: Entry, code: str, answer: Answer) -> PostError:
    match entry.outcome:
        case Outcome.BLOCKED:
            return AccessBlockedError(entry.slug, code, entry.text_de)
        case Outcome.DUPLICATE:
            return DuplicateError(entry.slug, code, entry.text_de, _named_letter(answer.body))
        case Outcome.NOT_ACCEPTED | Outcome.LOG_IN:
            return _not_accepted(entry, code)
        case Outcome.PERMANENT:
            return RefusedError(entry.slug, code, entry.text_de, permanent=True)
        case _:
            return RefusedError(entry.slug, code, entry.text_de, permanent=False)


def _not_accepted(entry: Entry, code: str) -> NotAcceptedError:
    return NotAcceptedError(entry.slug, code, entry.text_de)


def _named_letter(body: Any) -> PostNumber | None:
    # The one thing taken from the provider's text: the number of the earlier letter.
    found = _LETTER_ID.search(str(body.get("description", "")))
    return PostNumber(int(found[1])) if found else None
