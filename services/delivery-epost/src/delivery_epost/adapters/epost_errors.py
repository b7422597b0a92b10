"""The provider's codes: for each our slug, what happens next, and a sentence for the clerk."""

from dataclasses import dataclass
from enum import Enum, auto


class Outcome(Enum):
    """What a code means for what we do next."""

    PERMANENT = auto()
    """Refused; the letter has to change first."""
    MANUAL = auto()
    """Refused; a person may send the same letter again."""
    NOT_ACCEPTED = auto()
    SLOW_DOWN = auto()
    BLOCKED = auto()
    DUPLICATE = auto()
    LOG_IN = auto()
    """Log in once more."""
    NOTHING_FOUND = auto()
    REMARK = auto()
    """No error: something to show."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the catalogue."""

    slug: str
    outcome: Outcome
    text_de: str


_P, _M, _B, _R = Outcome.PERMANENT, Outcome.MANUAL, Outcome.BLOCKED, Outcome.REMARK

# Codes: API v2.6.1. E203 comes only with status 99. E309 says that a letter of our deterministic
# file name is there already, so an earlier attempt came through.
CATALOGUE: dict[str, Entry] = {
    "E001": Entry("credentials-invalid", _B, "Die Zugangsdaten zu E-POST sind ungültig."),
    "E002": Entry("sub-vendor-invalid", _B, "Die Kundenkennung des E-POST-Zugangs ist ungültig."),
    "E003": Entry(
        "too-many-codes",
        Outcome.SLOW_DOWN,
        "Es wurden zu viele SMS-Codes angefordert. Bitte 15 Minuten warten.",
    ),
    "E004": Entry("access-blocked", _B, "Die Deutsche Post hat den E-POST-Zugang gesperrt."),
    "E101": Entry("token-expired", Outcome.LOG_IN, "Die Anmeldung bei E-POST ist abgelaufen."),
    "E201": Entry("not-found", Outcome.NOTHING_FOUND, "E-POST kennt keine solche Sendung."),
    "E203": Entry(
        "address-mismatch", _P, "Die gedruckte Anschrift weicht von der des Empfängers ab."
    ),
    "E301": Entry("not-a-pdf", _P, "E-POST kann die Datei nicht als PDF lesen."),
    "E302": Entry(
        "restricted-zone",
        _P,
        "Im Sperrbereich für die Frankierung steht etwas. Ein Deckblatt behebt das.",
    ),
    "E303": Entry("too-large", _P, "Der Brief ist größer als 20 MB."),
    "E304": Entry("too-many-pages", _P, "Der Brief hat mehr als 94 Seiten."),
    "E305": Entry("country-invalid", _P, "E-POST kennt das Land der Anschrift nicht."),
    "E306": Entry("address-invalid", _P, "E-POST kann die Anschrift des Empfängers nicht lesen."),
    "E307": Entry("landscape", _P, "Die erste Seite liegt im Querformat."),
    "E308": Entry("not-a4", _P, "Nicht alle Seiten haben das Format DIN A4 hoch."),
    "E309": Entry(
        "file-name-taken",
        Outcome.DUPLICATE,
        "Ein Brief mit diesem Dateinamen liegt bei E-POST schon vor.",
    ),
    "E311": Entry("registered-abroad", _P, "Einschreiben ins Ausland bietet E-POST nicht an."),
    "E312": Entry("registered-duplex", _P, "Einschreiben dürfen nicht beidseitig gedruckt werden."),
    "E313": Entry("schema-violated", _P, "E-POST hat die Angaben zum Brief nicht angenommen."),
    "E314": Entry("cover-too-large", _P, "Das Deckblatt ist zu groß."),
    "E315": Entry("processing-failed", _M, "Bei E-POST ist die Verarbeitung gescheitert."),
    "E316": Entry("upload-failed", _M, "Bei E-POST ist die Übernahme des Briefs gescheitert."),
    "E317": Entry("registered-kind-invalid", _P, "Diese Art Einschreiben kennt E-POST nicht."),
    "E318": Entry("print-centre-refused", _M, "Das Druckzentrum hat den Brief abgelehnt."),
    "E319": Entry(
        "not-released",
        _B,
        "Der E-POST-Zugang ist noch nicht für den Versand freigegeben, nur für Tests.",
    ),
    "E320": Entry(
        "test-quota-used",
        _M,
        "Die Testbriefe dieses Tages sind aufgebraucht. Bitte morgen erneut senden.",
    ),
    "E322": Entry(
        "asked-too-often", Outcome.SLOW_DOWN, "E-POST wurde in zu kurzem Abstand abgefragt."
    ),
    "E323": Entry(
        "recipient-zone-empty",
        _P,
        "Im Anschriftfeld der ersten Seite steht nichts. Ein Deckblatt behebt das.",
    ),
    "E324": Entry(
        "duplicate", Outcome.DUPLICATE, "Dieser Brief wurde in der letzten Stunde schon übergeben."
    ),
    "E333": Entry(
        "sender-missing",
        _P,
        "Auf der ersten Seite fehlt der Absender im Anschriftfeld. Ein Deckblatt behebt das.",
    ),
    "E399": Entry("general-error", _M, "E-POST meldet einen allgemeinen Fehler."),
    "E501": Entry("provider-inactive", Outcome.NOT_ACCEPTED, "E-POST ist gerade außer Betrieb."),
    "E601": Entry("plugin-failed", _M, "Eine Zusatzleistung von E-POST ist gescheitert."),
    "E612": Entry("address-not-found", _P, "E-POST hat im Brief keine Anschrift gefunden."),
    "E613": Entry("postal-code-not-found", _P, "E-POST hat im Brief keine Postleitzahl gefunden."),
    "E614": Entry("no-text-found", _P, "E-POST kann den Text des Briefs nicht lesen."),
    "E615": Entry("registered-needs-cover", _P, "Das Einschreiben braucht ein Deckblatt."),
    "E621": Entry("schedule-invalid", _P, "Der gewünschte Versandtermin ist nicht möglich."),
    "E622": Entry("schedule-invalid", _P, "Der gewünschte Versandtermin ist nicht möglich."),
    "E700": Entry("cancelled", _P, "Der Brief wurde bei E-POST storniert."),
    "E900": Entry("unspecified-error", _M, "E-POST meldet einen Fehler ohne nähere Angabe."),
    "W101": Entry("conversion-warning", _R, "Die Umwandlung in PDF/A kann das Druckbild ändern."),
    "W201": Entry("address-zone-exceeded", _R, "Die Anschrift ragt über ihr Feld hinaus."),
    "W202": Entry("left-edge-whitened", _R, "Am linken Rand wird ein Streifen geweißt."),
    "W203": Entry(
        "address-mismatch", _R, "Die gedruckte Anschrift weicht von der des Empfängers ab."
    ),
    "W208": Entry("page-size-inexact", _R, "Das Seitenmaß ist nicht genau DIN A4."),
    "W220": Entry(
        "return-address-from-window", _R, "Der Rückschein geht an den Absender im Sichtfenster."
    ),
    "W301": Entry("sender-missing", _R, "Auf der ersten Seite fehlt der Absender."),
    "W501": Entry("maintenance-announced", _R, "E-POST kündigt eine Wartung an."),
    "W601": Entry("plugin-warning", _R, "Hinweis zu einer Zusatzleistung von E-POST."),
    "W611": Entry("plugin-warning", _R, "Hinweis zu einer Zusatzleistung von E-POST."),
    "W622": Entry("plugin-warning", _R, "Hinweis zu einer Zusatzleistung von E-POST."),
    "I101": Entry("converted", _R, "E-POST hat den Brief in PDF/A umgewandelt."),
    "I501": Entry("provider-active", _R, "E-POST ist in Betrieb."),
    "I601": Entry("plugin-note", _R, "Mitteilung zu einer Zusatzleistung von E-POST."),
    "I611": Entry("plugin-note", _R, "Mitteilung zu einer Zusatzleistung von E-POST."),
    "I701": Entry("tracking", _R, "Neue Nachricht aus der Sendungsverfolgung."),
    "I751": Entry("arrived-in-area", _R, "Der Brief ist im Zielgebiet angekommen."),
}
UNKNOWN_ERROR = Entry("unknown-error", _M, "E-POST meldet einen Fehler, den wir nicht kennen.")
UNKNOWN_REMARK = Entry("unknown-remark", _R, "E-POST hat eine Anmerkung, die wir nicht kennen.")
