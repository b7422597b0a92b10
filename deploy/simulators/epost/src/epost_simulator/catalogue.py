"""The API's codes, each with the HTTP status and a text of the kind the API sends."""

from datetime import datetime
from typing import Any

from epost_simulator.clock import stamp

# Only 401, 404 and 429 are documented beside 400; every other error is taken to be a 400.
_CATALOGUE: dict[str, tuple[int, str]] = {
    "E001": (401, "Zugangsdaten ungültig"),
    "E002": (401, "VendorSubID ungültig"),
    "E003": (429, "Zu viele SMS-Anfragen, 15 Minuten blockiert"),
    "E004": (401, "EKP gesperrt"),
    "E101": (401, "Token abgelaufen"),
    "E201": (404, "Keine Sendung zu diesem Suchkriterium"),
    "E301": (400, "Kein PDF"),
    "E302": (400, "DVF-Sperrbereich verletzt"),
    "E303": (400, "Größer als 20 MB"),
    "E304": (400, "Mehr als 94 Seiten"),
    "E305": (400, "Land ungültig"),
    "E306": (400, "Empfängeradresse ungültig"),
    "E307": (400, "Erste Seite im Querformat"),
    "E308": (400, "Kein DIN A4"),
    "E309": (400, "Dateiname schon eingeliefert"),
    "E311": (400, "Einschreiben ins Ausland"),
    "E312": (400, "Einschreiben und Duplex"),
    "E313": (400, "Letter-Schema verletzt"),
    "E314": (400, "Deckblatt zu groß"),
    "E315": (400, "Fehler in der Verarbeitung"),
    "E316": (400, "Fehler beim Upload"),
    "E317": (400, "RegisteredLetter unzulässig"),
    "E318": (400, "Ablehnung im Druckzentrum"),
    "E319": (400, "EKP nicht für den Live-Versand freigegeben"),
    "E320": (400, "Tagesmenge der Testsendungen erreicht"),
    "E322": (429, "Statusabfragen in zu kurzem Abstand"),
    "E323": (400, "Empfängerbereich ist weiß"),
    "E324": (400, "Dublette der letzten Stunde"),
    "E333": (400, "Senderadresse fehlt"),
    "E399": (400, "Allgemeiner Fehler"),
    "E501": (503, "API inaktiv"),
    "E601": (400, "PlugIn-Fehler"),
    "E900": (400, "Unspezifizierter Fehler"),
    "W202": (200, "Linke Sperrfläche überschritten, wird geweißt"),
    "W203": (200, "Adress-Metadaten weichen ab"),
    "W208": (200, "Seitenmaß weicht von 595.276 x 841.89 ab"),
    "W501": (200, "Wartung angekündigt"),
    "I501": (200, "API in Ordnung"),
}
_LEVELS = {"E": "Error", "W": "Warning", "I": "Info"}


class ApiError(Exception):
    """The request ends here, with this code of the catalogue."""

    def __init__(self, code: str, detail: str = "", *, http_status: int | None = None) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.http_status = http_status or _CATALOGUE[code][0]


def error_object(code: str, at: datetime, detail: str = "") -> dict[str, Any]:
    """Build the API's Error object; `code` may be one the catalogue does not know."""
    _, text = _CATALOGUE.get(code, (400, "Unbekannt"))
    return {
        "level": _LEVELS.get(code[:1], "Error"),
        "code": code,
        "description": f"{text}: {detail}" if detail else text,
        "date": stamp(at),
    }
