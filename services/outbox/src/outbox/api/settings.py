"""The routes of the mandant's settings: his sender and his default channel."""

from dataclasses import dataclass

from fastapi import APIRouter

from events.contracts.deliveries import Sender
from outbox.api.bodies import ChannelBody, SenderBody
from outbox.api.calls import AdminCall, SettingsCall, problems_told
from outbox.application.setting_up import SettingUp
from outbox.queries.settings import SettingQueries
from web.problem import Problem


@dataclass(frozen=True, slots=True)
class SettingRoutes:
    """Reads and changes what holds for all deliveries of the mandant."""

    setting_up: SettingUp
    queries: SettingQueries

    def router(self) -> APIRouter:
        router = APIRouter(tags=["settings"])
        router.add_api_route("/sender", self.sender, methods=["GET"])
        router.add_api_route("/sender", self.set_sender, methods=["PUT"])
        router.add_api_route("/default-channel", self.default_channel, methods=["GET"])
        router.add_api_route("/default-channel", self.set_default_channel, methods=["PUT"])
        return router

    async def sender(self, call: SettingsCall) -> Sender:
        """The sender on letters and mails."""
        sender = await self.queries.sender(call.mandant)
        if sender is None:
            raise Problem("sender-not-set", 404)
        return sender

    async def set_sender(self, body: SenderBody, call: AdminCall) -> Sender:
        """Deliveries sent from now on carry this sender."""
        with problems_told():
            await self.setting_up.set_sender(call.mandant, body.sender(), call.user, call.cause)
        return body.sender()

    async def default_channel(self, call: SettingsCall) -> ChannelBody:
        """The channel of recipients who prefer none."""
        return ChannelBody(channel=await self.queries.default_channel(call.mandant))

    async def set_default_channel(self, body: ChannelBody, call: AdminCall) -> ChannelBody:
        """It holds for documents that are filed from now on."""
        with problems_told():
            await self.setting_up.set_default_channel(
                call.mandant, body.channel, call.user, call.cause
            )
        return body
