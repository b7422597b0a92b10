"""Accepted messages as files: a maildir, one file each."""

import mailbox
from pathlib import Path

from aiosmtpd.smtp import Envelope


class Maildrop:
    """Writes each accepted message as it came, below the two lines a final server adds."""

    def __init__(self, folder: Path) -> None:
        self._maildir = mailbox.Maildir(folder, create=True)

    def store(self, envelope: Envelope) -> str:
        """The new file's key. Return-Path and Delivered-To tell the envelope (RFC 5321 4.4)."""
        assert isinstance(envelope.original_content, bytes)
        trace = f"Return-Path: <{envelope.mail_from}>\r\n" + "".join(
            f"Delivered-To: {recipient}\r\n" for recipient in envelope.rcpt_tos
        )
        return self._maildir.add(trace.encode() + envelope.original_content)
