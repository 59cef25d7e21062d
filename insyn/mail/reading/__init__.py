"""Reading mails: MIME of any shape becomes a `ReadMail`, in bounded time and memory, without ever raising.

`insyn.mail.reading.reader.read(raw: bytes, *, authserv_id: str = "") -> ReadMail` is the way in.
"""

from insyn.mail.reading.mail import Attachment, Authentication, AutomaticMarks, Grade, Mailbox, ReadMail, Result

__all__ = ["Attachment", "Authentication", "AutomaticMarks", "Grade", "Mailbox", "ReadMail", "Result"]
