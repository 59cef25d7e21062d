"""The data-protection mailbox: mails are read (`reading`), decided upon (`deciding`) and handled in their thread."""
