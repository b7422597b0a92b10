"""What operators see and mend over HTTP: the same as with `python -m SERVICE dead` and its like.

The view is of all mandants, and names nobody: content is shown as its shape, seals stay closed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response

from events.operator.dead import Dead
from events.operator.dead_answers import DeadDetails, DeadList
from events.operator.history import StreamLog, stream_log
from events.operator.queue_answers import InboxStatus, RelayStatus, WorkStatus
from events.operator.queues import Queues
from events.service import Machinery
from web.auth import Caller, Role, requires
from web.operation_bodies import DropBody, RedriveBody, Redriven
from web.problem import Problem

Operator = Annotated[Caller, Depends(requires(Role.OPERATOR))]
Slug = Annotated[str | None, Query(pattern=r"^[a-z][a-z-]{0,60}$")]
Topic = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9._-]{1,120}$")]
Seq = Annotated[int, Path(ge=1, le=2**63 - 1)]
Limit = Annotated[int, Query(ge=1, le=500)]


@dataclass(frozen=True, slots=True)
class OperationRoutes:
    """Every service's routes under `/operations`, for operators only. Each may be repeated."""

    machinery: Machinery

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/operations", tags=["operations"])
        gets: Mapping[str, Any] = {
            "/inbox": self.inbox,
            "/relay": self.relay,
            "/work": self.work,
            "/dead": self.dead,
            "/dead/{record}": self.dead_record,
            "/streams/{stream}": self.stream,
        }
        for path, answer in gets.items():
            router.add_api_route(path, answer, methods=["GET"])
        router.add_api_route("/dead/redrive", self.redrive, methods=["POST"])
        for path, act in (
            ("/dead/{record}/drop", self.drop),
            ("/relay/{seq}/retry", self.retry),
        ):
            router.add_api_route(path, act, methods=["POST"], status_code=204)
        return router

    @property
    def _dead(self) -> Dead:
        return Dead(self.machinery.machinery_database)

    @property
    def _queues(self) -> Queues:
        return Queues(self.machinery.machinery_database)

    async def inbox(self, _: Operator) -> InboxStatus:
        """What was heard and is not handled, and what it waits for."""
        return await self._queues.inbox()

    async def relay(self, _: Operator) -> RelayStatus:
        """What was said and is not in Kafka, and what Kafka refused."""
        return await self._queues.relay()

    async def work(self, _: Operator) -> WorkStatus:
        """What is to be done outside, and what fails."""
        return await self._queues.work()

    async def dead(
        self, _: Operator, topic: Topic = None, reason: Slug = None, limit: Limit = 50
    ) -> DeadList:
        """The dead, counted by topic and reason, and the newest of them."""
        return await self._dead.find(topic, reason, limit)

    async def dead_record(self, _: Operator, record: UUID) -> DeadDetails:
        """One of them, and what to do about it."""
        found = await self._dead.show(record)
        if found is None:
            raise Problem("dead-record-unknown", 404)
        return found

    async def stream(self, _: Operator, stream: UUID) -> StreamLog:
        """The log of one stream of whatever mandant."""
        found = await stream_log(self.machinery.database, stream)
        if found is None:
            raise Problem("stream-unknown", 404)
        return found

    async def redrive(self, caller: Operator, body: RedriveBody) -> Redriven:
        """Back into the inbox; what still can't be handled dies again, with its history."""
        if body.all:
            count = await self._dead.redrive_all(caller.user, body.topic, body.reason)
        else:
            count = len(await self._dead.redrive(body.ids, caller.user))
        return Redriven(redriven=count)

    async def drop(self, caller: Operator, record: UUID, body: DropBody) -> Response:
        """Give a record up: who, when, why and what it died of stay, its bytes go."""
        if not await self._dead.drop(record, caller.user, body.why):
            raise Problem("dead-record-unknown", 404)
        return Response(status_code=204)

    async def retry(self, caller: Operator, seq: Seq) -> Response:
        """Let the relay try a refused record again."""
        if not await self._queues.retry(seq, caller.user):
            raise Problem("refused-record-unknown", 404)
        return Response(status_code=204)
