"""A submission as the provider's Letter object (EPO-08)."""

import base64
from typing import Any

from delivery_epost.adapters.epost_address import postal_fields
from delivery_epost.ports import RegisteredKind, Submission

_REGISTERED = {
    RegisteredKind.DROP_IN: "Einwurf Einschreiben",
    RegisteredKind.SIGNED: "Einschreiben",
    RegisteredKind.RETURN_RECEIPT: "Einschreiben Rückschein",
}


def letter_fields(letter: Submission) -> dict[str, Any]:
    """Build the object; the duplicate failsafe is always on, the cover sheet is in the PDF."""
    fields: dict[str, Any] = {
        "fileName": letter.file_name,
        "data": base64.b64encode(letter.pdf).decode("ascii"),
        "isColor": letter.colour,
        "isDuplex": letter.duplex,
        "batchID": letter.batch_id,
        "custom1": letter.custom1,
        "testFlag": letter.test,
        "coverLetter": False,
        "activateDuplicateFailsafe": True,
    }
    if letter.registered is not None:
        fields["registeredLetter"] = _REGISTERED[letter.registered]
    if letter.cost_centre:
        fields["costCenter"] = letter.cost_centre
    return fields | postal_fields(letter.recipient)
