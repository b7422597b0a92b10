"""The customers' accounts: who may log in, with which secret, live or test, blocked or not."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter

from epost_simulator.catalogue import ApiError
from epost_simulator.clock import Clock
from epost_simulator.schema import Login, SetPassword, SmsCodeRequest

SMS_LIFE = timedelta(minutes=10)
SMS_BLOCK = timedelta(minutes=15)
# How many codes are too many is not documented.
SMS_LIMIT = 3


class Mode(StrEnum):
    """New customers start in test mode; Deutsche Post's support switches them to live."""

    LIVE = "live"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Account:
    """`password` and `secret` are empty until the customer has set a password."""

    ekp: str
    vendor_id: str
    password: str = ""
    secret: str = ""
    mode: Mode = Mode.LIVE
    blocked: bool = False
    vendor_sub_ids: tuple[str, ...] = ()


_STORED = TypeAdapter(list[Account])


@dataclass(frozen=True, slots=True)
class _SentCodes:
    """`asked` since the last password was set or the last block ended."""

    code: str
    dies_at: datetime
    asked: tuple[datetime, ...]
    blocked_until: datetime | None = None


class Accounts:
    """Accounts survive a restart, tokens and SMS codes do not."""

    def __init__(self, file: Path, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self._accounts: dict[str, Account] = {}
        self._codes: dict[str, _SentCodes] = {}
        self._tokens: dict[str, tuple[str, datetime]] = {}
        if file.exists():
            stored = _STORED.validate_json(file.read_bytes())
            self._accounts = {account.ekp: account for account in stored}

    def put(self, account: Account) -> None:
        self._accounts[account.ekp] = account
        self._file.write_bytes(_STORED.dump_json(list(self._accounts.values())))

    def get(self, ekp: str) -> Account | None:
        return self._accounts.get(ekp)

    def log_in(self, login: Login) -> str:
        """Return a token that lives for `token_duration` minutes."""
        account = self._accounts.get(login.ekp)
        if account is None or not account.password:
            raise ApiError("E001")
        given = (login.vendor_id, login.password, login.secret)
        if given != (account.vendor_id, account.password, account.secret):
            raise ApiError("E001")
        if login.vendor_sub_id and login.vendor_sub_id not in account.vendor_sub_ids:
            raise ApiError("E002")
        if account.blocked:
            raise ApiError("E004")
        token = secrets.token_urlsafe(48)
        life = timedelta(minutes=login.token_duration)
        self._tokens[token] = (login.ekp, self._clock.now() + life)
        return token

    def holder(self, authorization: str) -> Account:
        """Return whose token this is."""
        scheme, _, token = authorization.partition(" ")
        ekp, dies_at = self._tokens.get(token, ("", self._clock.now()))
        if scheme != "Bearer" or dies_at <= self._clock.now():
            raise ApiError("E101")
        account = self._accounts[ekp]
        if account.blocked:
            raise ApiError("E004")
        return account

    def send_code(self, request: SmsCodeRequest) -> None:
        """Send a code to the customer's phone, that is: keep it for the control interface."""
        self._known(request)
        now = self._clock.now()
        before = self._codes.get(request.ekp)
        if before and before.blocked_until and now < before.blocked_until:
            raise ApiError("E003")
        asked = tuple(at for at in (before.asked if before else ()) if now - at < SMS_LIFE)
        if before and len(asked) >= SMS_LIMIT:
            blocked_until = now + SMS_BLOCK
            self._codes[request.ekp] = replace(before, asked=(), blocked_until=blocked_until)
            raise ApiError("E003")
        code = f"{secrets.randbelow(10**6):06}"
        self._codes[request.ekp] = _SentCodes(code, now + SMS_LIFE, (*asked, now))

    def code(self, ekp: str) -> str | None:
        """Return what stands on the customer's phone."""
        sent = self._codes.get(ekp)
        return sent.code if sent else None

    def set_password(self, request: SetPassword) -> str:
        """Return the new secret; the one before is dead from now on."""
        account = self._known(request)
        sent = self._codes.get(request.ekp)
        if sent is None or sent.code != request.sms_code or sent.dies_at <= self._clock.now():
            raise ApiError("E001", http_status=400)
        del self._codes[request.ekp]
        secret = secrets.token_hex(16)
        self.put(replace(account, password=request.new_password, secret=secret))
        return secret

    def _known(self, request: SmsCodeRequest | SetPassword) -> Account:
        account = self._accounts.get(request.ekp)
        if account is None or account.vendor_id != request.vendor_id:
            raise ApiError("E001")
        if account.blocked:
            raise ApiError("E004")
        return account
