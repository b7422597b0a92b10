"""The control interface from Python, for tests and the demo."""

import ssl
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import httpx

from epost_simulator.accounts import Account
from epost_simulator.faults import Fault, Kind

_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class SentLetter:
    """A letter the simulator has accepted; `request` is what was sent, without the files."""

    letter_id: int
    ekp: str
    custom1: str
    file_name: str
    pages: int
    sha256: str
    status: int
    created_at: datetime
    request: dict[str, Any]


class Control:
    """Synchronous, and quick: each call is one small request over loopback."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        # Plain HTTP on loopback: no proxy, and no time spent on loading certificates.
        no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        url = f"{base_url}/_simulator"
        self._client = httpx.Client(
            base_url=url, trust_env=False, verify=no_tls, timeout=_PATIENCE_S
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def now(self) -> datetime:
        return datetime.fromisoformat(self._call("GET", "/clock")["now"])

    def set_clock(self, at: datetime) -> None:
        self._call("POST", "/clock", {"at": at.isoformat()})

    def advance(self, by: timedelta) -> None:
        self._call("POST", "/clock", {"advance_s": by.total_seconds()})

    def register(self, account: Account) -> Account:
        """Add an account, or replace the one with this EKP (to block it, to switch to live)."""
        self._call("POST", "/accounts", asdict(account))
        return account

    def sms_code(self, ekp: str) -> str | None:
        """Return what stands on the customer's phone."""
        code: str | None = self._call("GET", f"/accounts/{ekp}")["sms_code"]
        return code

    def letters(self, custom1: str | None = None) -> list[SentLetter]:
        """Return what was accepted, the oldest first."""
        told = [_sent(one) for one in self._call("GET", "/letters")]
        return [one for one in told if custom1 is None or one.custom1 == custom1]

    def pdf(self, letter_id: int) -> bytes:
        answer = self._client.get(f"/letters/{letter_id}/pdf")
        return answer.raise_for_status().content

    def misbehave(self, kind: Kind, **how: Any) -> None:
        """Queue a misbehaviour; `how` are the fields of `Fault`."""
        self._call("POST", "/faults", asdict(Fault(kind, **how)))

    def waiting_faults(self) -> int:
        """Return how many misbehaviours have not come to their end."""
        return len(self._call("GET", "/faults"))

    def behave(self) -> None:
        self._call("DELETE", "/faults")

    def fail(self, letter_id: int, *codes: str) -> None:
        """Turn a letter to status 99, whatever it was before."""
        self._call("POST", f"/letters/{letter_id}", {"fail": codes})

    def show_status(self, letter_id: int, status: int | None) -> None:
        """Report this status id from now on; None goes back to the true one."""
        self._call("POST", f"/letters/{letter_id}", {"show_status": status})

    def track(self, letter_id: int, status: str) -> None:
        """Report this status for a registered letter."""
        self._call("POST", f"/letters/{letter_id}", {"track": status})

    def set_health(self, code: str) -> None:
        """I501 fine, W501 maintenance announced, E501 the whole API inactive."""
        self._call("POST", "/health", {"code": code})

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._client.request(method, path, json=body)
        return answer.raise_for_status().json()


def _sent(told: dict[str, Any]) -> SentLetter:
    return SentLetter(**told | {"created_at": datetime.fromisoformat(told["created_at"])})
