"""The provider's LetterStatus object as our report (EPO-09)."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from delivery_epost.adapters.epost_errors import CATALOGUE, UNKNOWN_ERROR, UNKNOWN_REMARK
from delivery_epost.ports import LetterReport, LetterStage, Level, PostNumber, Remark

_BERLIN = ZoneInfo("Europe/Berlin")
_STAGES = {
    1: LetterStage.ACCEPTED,
    2: LetterStage.CHECKED,
    3: LetterStage.AT_PRINT_CENTRE,
    4: LetterStage.SENT,
    99: LetterStage.FAILED,
}
_LEVELS = {"E": Level.ERROR, "W": Level.WARNING, "I": Level.NOTE}
# Identifiers only: a sentence, which may name people, does not fit.
_IDENTIFIER = re.compile(r"[0-9A-Za-z_-]{1,60}")
_CODE = re.compile(r"[EWI]\d{3}")


def instant(written: object) -> datetime | None:
    """Read a timestamp: German time where no zone is given. Unreadable counts as absent."""
    if not isinstance(written, str):
        return None
    try:
        read = datetime.fromisoformat(written)
        return (read if read.tzinfo else read.replace(tzinfo=_BERLIN)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _identifier(written: object) -> str:
    return written if isinstance(written, str) and _IDENTIFIER.fullmatch(written) else ""


_Instant = Annotated[datetime | None, BeforeValidator(instant)]
_Identifier = Annotated[str, BeforeValidator(_identifier)]


class _Status(BaseModel):
    """What we read of a LetterStatus; a field more or less does not hurt."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    letter_id: Annotated[int, Field(alias="letterID")]
    status_id: Annotated[int, Field(alias="statusID")]
    custom1: str | None = None
    created_at: Annotated[_Instant, Field(alias="createdDate")] = None
    processed_at: Annotated[_Instant, Field(alias="processedDate")] = None
    uploaded_at: Annotated[_Instant, Field(alias="printUploadDate")] = None
    printed_at: Annotated[_Instant, Field(alias="printFeedbackDate")] = None
    pages: Annotated[int | None, Field(alias="noOfPages")] = None
    test: Annotated[bool | None, Field(alias="testFlag")] = None
    registered_id: Annotated[_Identifier, Field(alias="registeredLetterID")] = ""
    tracking: Annotated[_Identifier, Field(alias="registeredLetterStatus")] = ""
    tracked_at: Annotated[_Instant, Field(alias="registeredLetterStatusDate")] = None
    franking_id: Annotated[_Identifier, Field(alias="frankierID")] = ""
    remarks: Annotated[list[Any] | None, Field(alias="errorList")] = None


def reports(body: Any) -> list[LetterReport]:
    """Read an array of LetterStatus; what is not readable in it is left out."""
    read = (_report(one) for one in body) if isinstance(body, list) else ()
    return [report for report in read if report is not None]


def _report(told: Any) -> LetterReport | None:
    try:
        status = _Status.model_validate(told)
    except ValidationError:
        return None
    return LetterReport(
        number=PostNumber(status.letter_id),
        custom1=status.custom1 or "",
        stage=_STAGES.get(status.status_id, LetterStage.IN_PROGRESS),
        status_id=status.status_id,
        accepted_at=status.created_at,
        checked_at=status.processed_at,
        handed_over_at=status.uploaded_at,
        sent_at=status.printed_at,
        pages=status.pages,
        test=bool(status.test),
        registered_number=status.registered_id,
        tracking=status.tracking,
        tracked_at=status.tracked_at,
        franking_id=status.franking_id,
        remarks=tuple(_remark(one) for one in status.remarks or () if isinstance(one, dict)),
    )


def _remark(told: dict[str, Any]) -> Remark:
    written = told.get("code")
    code = written if isinstance(written, str) and _CODE.fullmatch(written) else ""
    level = _LEVELS.get(code[:1]) or _LEVELS.get(str(told.get("level"))[:1], Level.NOTE)
    unknown = UNKNOWN_ERROR if level is Level.ERROR else UNKNOWN_REMARK
    entry = CATALOGUE.get(code, unknown)
    return Remark(code, entry.slug, level, entry.text_de, instant(told.get("date")))
