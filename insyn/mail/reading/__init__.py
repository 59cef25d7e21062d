"""Reading mails: MIME of any shape becomes a `ReadMail`, in bounded time and memory, without ever raising."""

from insyn.mail.reading.mail import Attachment, Authentication, AutomaticMarks, Grade, Mailbox, ReadMail, Result
from insyn.mail.reading.reader import read

__all__ = ["Attachment", "Authentication", "AutomaticMarks", "Grade", "Mailbox", "ReadMail", "Result", "read"]
