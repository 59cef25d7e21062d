"""The ways people come: what is said in one conversation may come by several."""

from __future__ import annotations

CHAT = "chat"
MAIL = "email"
