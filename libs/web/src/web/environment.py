"""Which kind of place this process runs in; what is unsure counts as production."""

from collections.abc import Mapping
from enum import StrEnum

VARIABLE = "HAUSBOTE_ENVIRONMENT"


class Environment(StrEnum):
    """Where the process runs. Only development and test may take short cuts."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"
    TEST = "test"

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> "Environment":
        """The environment named there; production when it is missing or unknown."""
        try:
            return cls(variables.get(VARIABLE, ""))
        except ValueError:
            return cls.PRODUCTION
