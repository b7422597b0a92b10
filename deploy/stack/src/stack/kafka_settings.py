"""Kafka's settings for a single node: broker and controller in one process, no replicas."""

from stack.ports import LOOPBACK

VERSION = "4.3.1"


def one_node(
    logs: str, port: int, controller_port: int, *, listen: str = LOOPBACK
) -> dict[str, str]:
    """Names and values of server.properties; clients reach `port` on the loopback address."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
        "listeners": f"PLAINTEXT://{listen}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": logs,
        **_NO_REPLICA,
        **_QUICK_RESTART,
        **_SMALL,
    }


# An acknowledged record must survive a power cut, and nobody else has a copy.
_NO_REPLICA = {
    "log.flush.interval.messages": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}

# A killed broker is let in again only when its former session has run out, and the partitions of
# a killed consumer are given to another one only then; who kills for a living asks for a short one.
_QUICK_RESTART = {
    "group.min.session.timeout.ms": "1000",
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
}

_SMALL = {
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "log.cleaner.threads": "1",
    "log.cleaner.dedupe.buffer.size": str(4 * 1024 * 1024),
}
