"""Which language a message is written in, from its small words and telling letters."""

from __future__ import annotations

import re

from insyn_bot.placeholders import PLACEHOLDER
from insyn_bot.spelling import is_swedish

_WORD = re.compile(r"[^\W\d_]+")
_SMALL_WORDS = {
    "sv": """
        och att jag är det de den som inte på för av med har om till en ett ni mig min mitt mina er
        era ert vad hur varför vem vilka vilken vilket var när kan ska vill får från eller men så då
        bort tack hej länge i mejl nej ja jo sluta radera skicka någon något nån vi du dig din ditt
        dina mej dom där här utan efter da ta visa sig ut in hos under skit måste gör går mot
        """,
    "en": """
        the and that is it not on of with have has about to a an you me my your what how why who
        which where when can shall want would like from or but so then also please thanks hello hi
        do does are i we they this delete data send no yes be if any all did was were will long keep
        been there could should don for as at by its our us their them any more some than into
        """,
    "no": """
        og at jeg er det de den som ikke på for av med har om til en et dere meg min mitt mine deres
        hva hvordan hvorfor hvem hvilke hvilket hvor når kan skal vil får fra eller men så da også
        bort takk hei lenge i opplysninger slett noen noe vi du deg din ditt dine her uten etter mye
        bare ønsker vennligst lagrer hvilken personvern gjelder hos må gjør går mot feil
        """,
    "da": """
        og at jeg er det de den som ikke på for af med har om til en et jer mig min mit mine jeres
        hvad hvordan hvorfor hvem hvilke hvilket hvor hvornår kan skal vil får fra eller men så da
        også væk tak hej længe i oplysninger slet nogen noget vi du dig din dit dine her uden efter
        meget kun ønsker venligst gemmer hvilken mange vores må hos gør går
        """,
}
_LANGUAGES_OF: dict[str, list[str]] = {}
for _language, _listed in _SMALL_WORDS.items():
    for _word in _listed.split():
        _LANGUAGES_OF.setdefault(_word, []).append(_language)
_TELLING = [(re.compile("[äö]"), ("sv",)), (re.compile("[øæ]|^hv"), ("no", "da"))]
_TELLING_WEIGHT = 0.7
_FEW = 0.2
_LATIN = re.compile(r"[a-zà-öø-ÿ]", re.IGNORECASE)


def language_of(text: str) -> str:
    """`sv`, `en`, `no`, `da` or `other`; `sv` when nothing says otherwise."""
    found = _WORD.findall(PLACEHOLDER.sub(" ", text).lower())
    if sum(bool(_LATIN.match(word)) for word in found) * 2 < len(found):
        return "other"
    points = dict.fromkeys(_SMALL_WORDS, 0.0)
    for word in found:
        languages = _LANGUAGES_OF.get(word, ())
        for language in languages:
            points[language] += 1 / len(languages)
        for letters, owners in _TELLING:
            if letters.search(word):
                for language in owners:
                    points[language] += _TELLING_WEIGHT
    best = max(points, key=lambda language: (points[language], language == "sv"))
    if points[best] < _FEW * len(found) and sum(map(is_swedish, found)) * 2 < len(found):
        return "other" if len(found) > 2 else "sv"
    return best
