"""Setting up an access at Deutsche Post: code by SMS, then a password of our choice."""

from delivery_epost.adapters.epost_answers import code_of, refusal
from delivery_epost.adapters.epost_session import Session
from delivery_epost.adapters.epost_wire import Call, Wire
from delivery_epost.ports import Access, RefusedError

_ACCEPTED = 202
_OK = 200
_BAD_REQUEST = 400


class EpostEnrolment:
    """An `Enrolment`."""

    def __init__(self, wire: Wire, session: Session) -> None:
        self._wire = wire
        self._session = session

    async def request_code(self, vendor_id: str, ekp: str) -> None:
        body = {"vendorID": vendor_id, "ekp": ekp}
        call = Call("POST", "/api/Login/smsRequest", has_effect=True, json=body)
        answer = await self._wire.send(call)
        if answer.status != _ACCEPTED:
            raise refusal(answer, call)

    async def set_password(self, vendor_id: str, ekp: str, password: str, code: str) -> Access:
        body = {"vendorID": vendor_id, "ekp": ekp, "newPassword": password, "smsCode": code}
        call = Call("POST", "/api/Login/setPassword", has_effect=True, json=body)
        answer = await self._wire.send(call)
        if answer.status == _OK and isinstance(answer.body, str) and answer.body:
            return Access(ekp, vendor_id, secret=answer.body, password=password)
        if answer.status == _BAD_REQUEST and code_of(answer) == "E001":
            text = "Der SMS-Code ist falsch oder abgelaufen."
            raise RefusedError("code-invalid", "E001", text, permanent=True)
        raise refusal(answer, call)

    async def verify(self, access: Access) -> None:
        await self._session.log_in(access)
