"""What can go wrong with the local servers, each as one line a person can act on."""


class StackError(Exception):
    """The servers cannot be had; the message is one line and names what is missing."""


class ChecksumMismatchError(StackError):
    """A fetched file is not the pinned one; nothing of it was kept."""


class FolderInUseError(StackError):
    """Another living stack owns this folder."""


class NotOursError(StackError):
    """The environment named this server, so we neither stop nor start it."""
