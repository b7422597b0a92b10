"""Key-encryption keys for tests and local servers."""

import base64
import os

from events.personal import Category
from events.seal import KEY_BYTES


def random_keks() -> str:
    """One fresh key-encryption key per category, as the setting `keks` wants them."""
    return " ".join(
        f"{category}:local:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"
        for category in Category
    )
