"""Which language a message is written in, from its small words and letters."""

from __future__ import annotations

import re

from insyn_bot.placeholders import PLACEHOLDER

_WORD = re.compile(r"[^\W\d_]+")
_SMALL_WORDS = {
    "sv": (
        "och att jag är det som inte på för av med har om till den en ett ni mig min mitt mina er era ert vad hur"
        " varför vem vilka vilken var när kan ska vill får från eller men så då också bort tack hej sparar länge"
        " mejl uppgifter nej ja jo sluta radera skicka någon något vi du ditt dina mej dom från där här utan efter"
    ),
    "en": (
        "the and that is it not on for of with have has about to a an you me my your what how why who which where"
        " when can shall want would like from or but so then also please thanks hello do does are i we they this"
        " delete data send no yes be if any all did was were will long keep in been there could should don re ve"
    ),
    "no": (
        "og at jeg er det som ikke på for av med har om til den en et dere meg min mitt mine deres hva hvordan hvorfor"
        " hvem hvilke hvor når kan skal vil får fra eller men så da også bort takk hei lenge opplysninger slett noen"
        " noe vi du din dine deg her uten etter mye bare ønsker vennligst lagrer hvilken norsk personvern"
    ),
    "da": (
        "og at jeg er det som ikke på for af med har om til den en et i jer mig min mit mine jeres hvad hvordan hvorfor"
        " hvem hvilke hvor hvornår kan skal vil får fra eller men så da også væk tak hej længe oplysninger slet nogen"
        " noget vi du din dine dig her uden efter meget kun ønsker venligst gemmer hvilken dansk mange vores må"
    ),
}
_LANGUAGES_OF: dict[str, list[str]] = {}
for _language, _listed in _SMALL_WORDS.items():
    for _word in _listed.split():
        _LANGUAGES_OF.setdefault(_word, []).append(_language)
_LETTERS = {"ä": "sv", "ö": "sv", "ø": "no da", "æ": "no da"}
_LATIN = re.compile(r"[a-zà-öø-ÿ]", re.IGNORECASE)


def language_of(text: str) -> str:
    """`sv`, `en`, `no`, `da` or `other`; `sv` when nothing says otherwise."""
    found = _WORD.findall(PLACEHOLDER.sub(" ", text).lower())
    if not found:
        return "sv"
    if sum(bool(_LATIN.match(word)) for word in found) * 2 < len(found):
        return "other"
    points = dict.fromkeys(_SMALL_WORDS, 0.0)
    for word in found:
        languages = _LANGUAGES_OF.get(word, ())
        for language in languages:
            points[language] += 1 / len(languages)
        for letter, owners in _LETTERS.items():
            if letter in word:
                for language in owners.split():
                    points[language] += 0.7
    best = max(points, key=lambda language: (points[language], language == "sv"))
    if points[best] == 0:
        return "other" if len(found) > 4 else "sv"
    return best
