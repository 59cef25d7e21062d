"""A text on which identifiers are found kind after kind; what is found is covered, so that no later search sees it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from insyn.privacy.words import Token, tokens_of

COVER = "\ue000"


class Finding(NamedTuple):
    """An identifier at `start:end` of the text, and the value it stands for."""

    start: int
    end: int
    kind: str
    value: str


class Sheet:
    """`text` as written, `work` of the same length with everything found so far covered by `COVER`."""

    def __init__(self, text: str, placeholders: list[tuple[int, int]]) -> None:
        self.text = text
        self.work = text
        self.placeholders = placeholders
        self.findings: list[Finding] = []
        self._tokens: tuple[str, list[Token]] | None = None
        self.renew()

    def renew(self) -> None:
        """Uncovers all but placeholders and findings."""
        self.work = self.text
        self.cover([*self.placeholders, *(finding[:2] for finding in self.findings)])

    def tokens(self) -> list[Token]:
        """The words not covered."""
        if self._tokens is None or self._tokens[0] is not self.work:
            self._tokens = (self.work, tokens_of(self.work))
        return self._tokens[1]

    def cover(self, spans: Iterable[tuple[int, int]]) -> None:
        """Hides places without masking them, such as dates and Kontek's own address."""
        parts: list[str] = []
        at = 0
        for start, end in sorted(spans):
            if start < at:
                continue
            parts += (self.work[at:start], COVER * (end - start))
            at = end
        if at:
            self.work = "".join(parts) + self.work[at:]

    def add(self, findings: Iterable[Finding]) -> None:
        """Notes and hides identifiers. Of two that overlap the first, then the longer is kept."""
        taken: list[Finding] = []
        at = 0
        for finding in sorted(findings, key=lambda finding: (finding.start, -finding.end)):
            if finding.start >= at and COVER not in self.work[finding.start : finding.end]:
                taken.append(finding)
                at = finding.end
        self.findings += taken
        self.cover((finding.start, finding.end) for finding in taken)

    def mask_all(
        self,
        kind: str,
        pattern: re.Pattern[str],
        value: Callable[[str], str] = str.strip,
        group: int = 0,
        unless: Callable[[re.Match[str]], bool] | None = None,
    ) -> None:
        """Masks `group` of every match of `pattern`, except where `unless` says no."""
        self.add(
            Finding(match.start(group), match.end(group), kind, value(match[group]))
            for match in pattern.finditer(self.work)
            if unless is None or not unless(match)
        )
