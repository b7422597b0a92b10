"""The time one request may take: to arrive, to be worked on, and to be fetched."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.limits import Limits
from web.problem import Problem, Problems


class TimeLimit:
    """ASGI: cancels a request that stands still.

    A body must arrive at a pace of its own (408); from its last piece on, the answer must begin
    within `answer_s`, and so must each further piece of it (504, or a closed connection once it
    has begun). A function that FastAPI runs in a thread cannot be cancelled: routes are async.
    """

    def __init__(self, app: ASGIApp, limits: Limits, problems: Problems) -> None:
        self._app = app
        self._limits = limits
        self._problems = problems

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        timer = asyncio.timeout(self._limits.answer_s)
        stopwatch = Stopwatch(timer, self._limits, receive, send)
        scope["state"]["stopwatch"] = stopwatch
        try:
            async with timer:
                await self._app(scope, stopwatch.receive, stopwatch.send)
        except TimeoutError:
            if not timer.expired() or stopwatch.answering:
                raise
            await self._problems.response(stopwatch.problem(), scope)(scope, receive, send)


class Stopwatch:
    """The running time of one request; moves its timer as the request goes through its phases."""

    def __init__(
        self, timer: asyncio.Timeout, limits: Limits, receive: Receive, send: Send
    ) -> None:
        self._timer = timer
        self._limits = limits
        self._receive = receive
        self._send = send
        self._clock = asyncio.get_running_loop().time
        self._answer_s = limits.answer_s
        self._began = self._clock()
        self._received_bytes = 0
        self._body_complete = False
        self._waiting_for_body = False
        self.answering = False

    def grant(self, seconds: float) -> None:
        """Allow that much for the answer, counted from now."""
        self._answer_s = seconds
        self._rearm(self._clock() + seconds)

    def problem(self) -> Problem:
        """What to answer when the time is up: who was slow decides."""
        if self._waiting_for_body:
            return Problem("body-too-slow", 408, headers={"Connection": "close"})
        return Problem("answer-too-slow", 504)

    async def receive(self) -> Message:
        """The next message from the server; while the body is due, its pace counts."""
        if self._body_complete or self.answering:
            return await self._receive()
        self._waiting_for_body = True
        self._rearm(self._body_due())
        message = await self._receive()
        self._waiting_for_body = False
        self._received_bytes += len(message.get("body", b""))
        self._body_complete = not message.get("more_body", False)
        self._rearm(self._clock() + self._answer_s)
        return message

    async def send(self, message: Message) -> None:
        """Pass a piece of the answer on; the next piece gets the full time again."""
        self.answering = True
        self._rearm(self._clock() + self._answer_s)
        await self._send(message)

    def _body_due(self) -> float:
        paced_s = self._received_bytes / self._limits.slowest_bytes_per_s
        return self._began + self._limits.body_wait_s + paced_s

    def _rearm(self, when: float) -> None:
        if not self._timer.expired():
            self._timer.reschedule(when)
