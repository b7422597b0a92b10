"""How a letter ages: its status by the clock, and the report the API gives of it."""

from datetime import datetime, timedelta
from typing import Any

from epost_simulator.catalogue import error_object
from epost_simulator.clock import stamp
from epost_simulator.letters import Letter
from epost_simulator.settings import Settings

ACCEPTED, CHECKED, PRINTING, SENT, FAILED = 1, 2, 3, 4, 99

_DETAILS = {
    ACCEPTED: "Annahme der Sendung",
    CHECKED: "Verarbeitung der Sendung",
    PRINTING: "Einlieferung in Druckzentrum",
    SENT: "Verarbeitung in Druckzentrum",
    FAILED: "Verarbeitungsfehler",
}
_ECHOED = (
    "fileName",
    "testFlag",
    "testEMail",
    "testShowRestrictedArea",
    "registeredLetter",
    "batchID",
    "coverLetter",
    "custom1",
    "custom2",
    "custom3",
    "custom4",
    "custom5",
    "zipCode",
    "city",
    "country",
    "isColor",
    "isDuplex",
    "vendorSystemInformation",
    "costCenter",
)
_UNSET: dict[str, Any] = {"batchID": 0} | dict.fromkeys(
    ("testFlag", "testShowRestrictedArea", "coverLetter", "isColor", "isDuplex"), False
)


def status_id(letter: Letter, settings: Settings, now: datetime) -> int:
    """Return the status at an instant; a test letter ends at 2."""
    if letter.failed_at and letter.failed_at <= now:
        return FAILED
    if letter.shown_status is not None:
        return letter.shown_status
    return _reached(letter, settings, now)


def report(letter: Letter, settings: Settings, now: datetime) -> dict[str, Any]:
    """Build the LetterStatus object."""
    status = status_id(letter, settings, now)
    reached = _reached(letter, settings, _end(letter, now))
    registered = letter.request.get("registeredLetter") and reached >= PRINTING
    echoed = {name: letter.request.get(name, _UNSET.get(name)) for name in _ECHOED}
    return echoed | {
        "letterID": letter.letter_id,
        "statusID": status,
        "statusDetails": _DETAILS.get(status, "Unbekannt"),
        "createdDate": stamp(letter.created_at, fraction=True),
        "processedDate": _date(letter, settings.checked_after_s, reached=reached >= CHECKED),
        "printUploadDate": _date(letter, settings.printing_after_s, reached=reached >= PRINTING),
        "printFeedbackDate": _date(letter, settings.sent_after_s, reached=reached >= SENT),
        "noOfPages": letter.pages,
        "subVendorID": None,
        "registeredLetterID": f"RG{letter.letter_id:09}DE" if registered else None,
        "registeredLetterStatus": letter.tracking,
        "registeredLetterStatusDate": stamp(letter.tracked_at),
        "frankierID": f"A0{letter.letter_id:018X}" if reached >= SENT else None,
        "destinationAreaStatus": None,
        "destinationAreaStatusDate": None,
        "errorList": list(_errors(letter, now)),
        "plugInFeedbackList": [],
    }


def processed_at(letter: Letter, settings: Settings) -> datetime:
    return letter.created_at + timedelta(seconds=settings.checked_after_s)


def _end(letter: Letter, now: datetime) -> datetime:
    return min(letter.failed_at, now) if letter.failed_at else now


def _reached(letter: Letter, settings: Settings, now: datetime) -> int:
    age_s = (now - letter.created_at).total_seconds()
    if age_s < settings.checked_after_s:
        return ACCEPTED
    if letter.is_test or age_s < settings.printing_after_s:
        return CHECKED
    return PRINTING if age_s < settings.sent_after_s else SENT


def _date(letter: Letter, after_s: float, *, reached: bool) -> str | None:
    return stamp(letter.created_at + timedelta(seconds=after_s)) if reached else None


def _errors(letter: Letter, now: datetime) -> list[dict[str, Any]]:
    found = [error_object(code, letter.created_at, detail) for code, detail in letter.warnings]
    if letter.failed_at and letter.failed_at <= now:
        failed_at = letter.failed_at
        found += [error_object(code, failed_at, detail) for code, detail in letter.failures]
    return found
