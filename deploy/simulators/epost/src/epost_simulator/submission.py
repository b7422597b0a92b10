"""POST /api/Letter: the checks in the order in which they refuse, and the acceptance."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from epost_simulator import lifecycle, paper
from epost_simulator.accounts import Account, Mode
from epost_simulator.addresses import check_address, is_abroad
from epost_simulator.catalogue import ApiError
from epost_simulator.clock import BERLIN
from epost_simulator.letters import Key, Letter, Letters
from epost_simulator.schema import Letter as Request
from epost_simulator.settings import Inspection, Settings

FAILSAFE = timedelta(minutes=60)
REGISTERED = frozenset({"Einwurf Einschreiben", "Einschreiben", "Einschreiben Rückschein"})


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A letter that passed the checks which need no look at other letters."""

    request: Request
    pdf: bytes
    sha256: str
    pages: int
    findings: tuple[paper.Finding, ...]


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes letters in for one account; all of a request, or none."""

    settings: Settings
    letters: Letters
    account: Account
    now: datetime

    def accept(self, requests: Iterable[Request], doom: tuple[str, ...] = ()) -> list[Letter]:
        """Return the stored letters; `doom` are the codes with which processing will fail."""
        candidates = [self._checked(request) for request in requests]
        self._check_file_names(candidates)
        return [self._store(candidate, doom) for candidate in candidates]

    def _checked(self, request: Request) -> _Candidate:
        self._check_product(request)
        check_address(request)
        pdf = _decoded(request.data)
        if len(pdf) > paper.MAX_PDF_BYTES:
            raise ApiError("E303")
        pages = paper.count_pages(pdf) + _cover_pages(request)
        if pages > paper.MAX_PAGES:
            raise ApiError("E304", str(pages))
        findings = _inspected(request, pdf)
        stopped = [one for one in findings if one.code.startswith("E")]
        if stopped and self.settings.inspection is Inspection.UPLOAD:
            raise ApiError(stopped[0].code, stopped[0].detail)
        candidate = _Candidate(request, pdf, sha256(pdf).hexdigest(), pages, tuple(findings))
        self._check_quota(request)
        self._check_duplicate(candidate)
        return candidate

    def _check_product(self, request: Request) -> None:
        if self.account.mode is Mode.TEST and not request.test_flag:
            raise ApiError("E319")
        if request.plug_in_list:
            raise ApiError("E601", "PlugIns bildet der Simulator nicht nach")
        if not request.registered_letter:
            return
        if request.registered_letter not in REGISTERED:
            raise ApiError("E317", request.registered_letter)
        if is_abroad(request):
            raise ApiError("E311")
        if request.is_duplex:
            raise ApiError("E312")

    def _check_quota(self, request: Request) -> None:
        if not request.test_flag:
            return
        today = self.now.astimezone(BERLIN).date()
        mine = (one for one in self.letters if one.ekp == self.account.ekp and one.is_test)
        used = sum(one.created_at.astimezone(BERLIN).date() == today for one in mine)
        if used >= self.settings.tests_per_day:
            raise ApiError("E320")

    def _check_duplicate(self, candidate: _Candidate) -> None:
        if not candidate.request.activate_duplicate_failsafe:
            return
        for earlier in self.letters.find(self.account.ekp, Key.SHA256, candidate.sha256):
            guarded = earlier.request.get("activateDuplicateFailsafe", False)
            recent = self.now - earlier.created_at < FAILSAFE
            if guarded and recent and not self._failed(earlier):
                raise ApiError("E324", f"bereits eingeliefert als LetterID {earlier.letter_id}")

    def _check_file_names(self, candidates: list[_Candidate]) -> None:
        # The scope of "unique" is not documented; this is the widest reading.
        names = [candidate.request.file_name for candidate in candidates]
        for name in names:
            known = self.letters.find(self.account.ekp, Key.FILE_NAME, name)
            if names.count(name) > 1 or any(not self._failed(one) for one in known):
                raise ApiError("E309", name)

    def _failed(self, letter: Letter) -> bool:
        return lifecycle.status_id(letter, self.settings, self.now) == lifecycle.FAILED

    def _store(self, candidate: _Candidate, doom: tuple[str, ...]) -> Letter:
        stops = [(one.code, one.detail) for one in candidate.findings if one.code[0] == "E"]
        failures = (*stops, *((code, "") for code in doom))
        checked_at = self.now + timedelta(seconds=self.settings.checked_after_s)
        letter = Letter(
            letter_id=self.letters.next_id,
            ekp=self.account.ekp,
            created_at=self.now,
            pages=candidate.pages,
            size_bytes=len(candidate.pdf),
            sha256=candidate.sha256,
            request=candidate.request.model_dump(
                by_alias=True, exclude_unset=True, exclude={"data", "cover_data"}
            ),
            warnings=tuple((o.code, o.detail) for o in candidate.findings if o.code[0] == "W"),
            failed_at=checked_at if failures else None,
            failures=failures,
        )
        self.letters.accept(letter, candidate.pdf)
        return letter


def _inspected(request: Request, pdf: bytes) -> list[paper.Finding]:
    if not request.cover_letter:
        return paper.findings(pdf, paper.Printed(request.zip_code, request.city))
    if not (request.sender_adress_line_complete or request.sender_adress_line1):
        return [paper.Finding("E333")]
    found = paper.findings(pdf)
    if request.cover_data:
        cover = _decoded(request.cover_data)
        if len(cover) > paper.MAX_COVER_BYTES:
            raise ApiError("E314")
        paper.count_pages(cover)
        found += paper.findings(cover)
    return found


def _cover_pages(request: Request) -> int:
    if not request.cover_letter:
        return 0
    return paper.count_pages(_decoded(request.cover_data)) if request.cover_data else 1


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ApiError("E301", "kein Base64") from error
