"""The numbers that an operator watches. Names are chosen; labels never hold an id or a name."""

from prometheus_client import Counter, Gauge

RECORDS_TAKEN = Counter("hausbote_intake_records_total", "Records taken from Kafka.", ["topic"])
RECORDS_HANDLED = Counter("hausbote_worker_records_total", "Records that became facts.")
RECORDS_BURIED = Counter("hausbote_worker_buried_total", "Records set aside for a person.")
RECORDS_RELAYED = Counter("hausbote_relay_records_total", "Records that Kafka has acknowledged.")
RECORDS_REFUSED = Counter("hausbote_relay_refused_total", "Records that Kafka will never take.")
KEYS_ERASED = Counter("hausbote_keys_erased_total", "Keys that were destroyed for good.")
ERASURES_DUE = Gauge("hausbote_erasures_due", "Fences behind which something still stands.")
INBOX_DEPTH = Gauge("hausbote_inbox_records", "Records that wait in the inbox.")
INBOX_AGE = Gauge("hausbote_inbox_oldest_seconds", "Age of the oldest record in the inbox.")
INBOX_WAITING = Gauge(
    "hausbote_inbox_waiting_records", "Records that wait for something, by what it is.", ["what"]
)
INBOX_WAITING_AGE = Gauge(
    "hausbote_inbox_waiting_oldest_seconds", "Age of the oldest of them, by what it is.", ["what"]
)
DEAD_DEPTH = Gauge("hausbote_dead_records", "Records that a person has to look at.")
RELAY_DEPTH = Gauge("hausbote_relay_waiting_records", "Records that are not in Kafka yet.")
RELAY_AGE = Gauge("hausbote_relay_oldest_seconds", "Age of the oldest record in the relay.")
RELAY_REFUSED = Gauge("hausbote_relay_refused_records", "Records that Kafka refused for good.")
RELAY_TOPICS_MISSING = Gauge("hausbote_relay_topics_missing", "Topics that Kafka does not have.")
WORK_FAILING = Gauge("hausbote_work_failing_tasks", "Tasks that our own bug keeps from being done.")
INTERVENTIONS = Gauge("hausbote_interventions", "What operators have changed by hand.", ["action"])
OUTSIDE_CALLS = Counter(
    "hausbote_outside_calls_total", "Calls to a provider, by what became of them.", ["outcome"]
)
