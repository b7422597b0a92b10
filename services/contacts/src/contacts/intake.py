"""Which topics the address book hears: that others have erased what it told them to."""

from contacts.application import ERASURE
from contacts.policy import record_confirmation
from events.contracts.keys import ErasureConfirmed
from events.hearing import Hears, ordering

HEARS: Hears = {ErasureConfirmed: ordering(ERASURE, record_confirmation)}
