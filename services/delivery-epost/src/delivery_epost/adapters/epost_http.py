"""Deutsche Post's E-POSTBUSINESS API (v2.6.1) as the post office."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from delivery_epost.adapters.epost_answers import is_nothing_found, refusal, unanswered
from delivery_epost.adapters.epost_letter import letter_fields
from delivery_epost.adapters.epost_reports import reports
from delivery_epost.adapters.epost_session import Session
from delivery_epost.adapters.epost_wire import Answer, Call, lost
from delivery_epost.ports import Access, LetterReport, LetterStage, PostNumber, Submission

_OK = 200


class EpostHttp:
    """A `Post`. It keeps nothing but tokens; any number of accesses can share one."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def submit(self, access: Access, letter: Submission) -> PostNumber:
        """Hand over one letter in one request, so that no other fails with it."""
        call = Call("POST", "/api/Letter", has_effect=True, json=[letter_fields(letter)])
        answer = await self._session.send(access, call)
        number = _number(answer, letter.file_name)
        if number is None:
            raise refusal(answer, call)
        return number

    async def find(self, access: Access, custom1: str) -> LetterReport | None:
        call = Call("GET", "/api/Letter/Custom1", params={"custom1": custom1})
        answer = await self._asked(access, call)
        if answer is None:
            return None
        found = reports(answer.body)
        if not isinstance(answer.body, list) or len(found) != len(answer.body):
            # A letter we cannot read might be the one we look for.
            raise lost(call, "unreadable")
        return max(
            (report for report in found if report.custom1 == custom1),
            key=lambda report: (report.stage is not LetterStage.FAILED, report.number),
            default=None,
        )

    async def statuses(self, access: Access, numbers: Sequence[PostNumber]) -> list[LetterReport]:
        if not numbers:
            return []
        call = Call("POST", "/api/Letter/StatusQuery", json=list(numbers))
        answer = await self._asked(access, call)
        if answer is None:
            return []
        if not isinstance(answer.body, list):
            raise lost(call, "unreadable")
        asked = frozenset(numbers)
        return [report for report in reports(answer.body) if report.number in asked]

    async def test_result(self, access: Access, number: PostNumber) -> bytes | None:
        call = Call("GET", "/api/Letter/TestResult", params={"letterID": number})
        answer = await self._asked(access, call)
        if answer is None:
            return None
        pdf = _pdf(answer.body)
        if pdf is None:
            raise lost(call, "unreadable")
        return pdf

    async def _asked(self, access: Access, call: Call) -> Answer | None:
        """Send a question; None where the provider finds nothing."""
        answer = await self._session.send(access, call)
        if is_nothing_found(answer):
            return None
        if answer.status != _OK:
            raise unanswered(refusal(answer, call))
        return answer


def _number(answer: Answer, file_name: str) -> PostNumber | None:
    match answer.body:
        case [{"letterID": int(number), "fileName": name}] if answer.status == _OK:
            return PostNumber(number) if name == file_name else None
        case _:
            return None


def _pdf(body: Any) -> bytes | None:
    match body:
        case {"data": str(encoded)}:
            try:
                return base64.b64decode(encoded, validate=True)
            except binascii.Error:
                return None
        case _:
            return None
