"""Rewrite dates in words of many languages as English ones: `3. März 2019` as `3 March 2019`.

The names are those of Unicode's CLDR, in full and short, as they stand in dates; Croatian, whose
names are those of other months elsewhere, is left out. Self-contained: an exported model carries
this file along.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

ENGLISH = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")  # fmt: skip
FORMATS = ("%d %B %Y", "%B %d %Y", "%Y %B %d", "%B %Y", "%d %B %y", "%Y-%m-%d",
           "%Y-%m")  # fmt: skip
"""How the dates are written that `in_english` returns."""
_NAMES = """
jan januar jänner janvier janv enero ene gennaio gen janeiro januari stycznia styczeń sty ledna
    leden led января январь янв січня ocak oca tammikuuta tammikuu ianuarie ian január;
feb februar feber février févr fév febrero febbraio fevereiro fev februari lutego luty lut února
    únor февраля февраль фев февр лютого şubat şub helmikuuta helmikuu februarie február;
mar märz mrz mär mars marzo março maart mrt marts marca marzec března březen марта март мар
    березня mart maaliskuuta maaliskuu martie március márc;
apr avril avr abril abr aprile april kwietnia kwiecień kwi dubna duben апреля апрель апр квітня
    nisan nis huhtikuuta huhtikuu aprilie április ápr;
may mai mayo maggio mag maio mei maj maja května květen мая май травня mayıs toukokuuta toukokuu
    május máj;
jun juni juin junio giugno giu junho czerwca czerwiec cze června červen июня июнь июн червня
    haziran haz kesäkuuta kesäkuu iunie június jún;
jul juli juillet juil julio luglio lug julho lipca lipiec lip července červenec июля июль июл
    липня temmuz tem heinäkuuta heinäkuu iulie július júl;
aug august août agosto ago augustus augusti sierpnia sierpień sie srpna srpen августа август авг
    серпня ağustos ağu elokuuta elokuu augusztus;
sep sept september septembre septiembre settembre set setembro września wrzesień wrz září сентября
    сентябрь сен сент вересня eylül eyl syyskuuta syyskuu septembrie szeptember szept;
oct oktober okt octobre octubre ottobre ott outubro out października październik paź října říjen
    октября октябрь окт жовтня ekim eki lokakuuta lokakuu octombrie október;
nov november novembre noviembre novembro listopada listopad lis listopadu ноября ноябрь ноя нояб
    kasım marraskuuta marraskuu noiembrie;
dec dezember dez décembre déc diciembre dic dicembre dezembro december desember des grudnia
    grudzień gru prosince prosinec декабря декабрь дек грудня aralık ara joulukuuta joulukuu
    decembrie
"""
_WEEKDAYS = """
monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat
sun montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so
lundi mardi mercredi jeudi vendredi samedi dimanche lun mer jeu ven sam dim lunes martes miércoles
jueves viernes sábado domingo lunedì martedì mercoledì giovedì venerdì sabato domenica segunda
terça quarta quinta sexta feira maandag dinsdag woensdag donderdag vrijdag zaterdag zondag måndag
tisdag onsdag torsdag fredag lördag söndag mandag tirsdag lørdag søndag
"""
_FILLERS = "de del den der du le el il of the г года р uhr um à las v"
_LONGEST = 60
_WORD = re.compile(r"[^\W\d_]+")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|re|º|ª|°)(?![^\W\d_])", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,]+|(?<=[^\W\d_])[-./]+|[-./]+(?=[^\W\d_])|(?<=\d)\.(?=\s|$)")
_ASIAN = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월](?:\s?(\d{1,2})\s?[日일])?(?=\s|\d|$)")


def in_english(text: str) -> str:
    """Return a date in words in one of `FORMATS`, with its time behind; others as they stand."""
    if len(text) > _LONGEST or not any(map(str.isdigit, text)):
        return text
    if asian := _ASIAN.match(text.strip()):
        year, month, day = asian.groups()
        date = f"{year}-{month:0>2}" + (f"-{day:0>2}" if day else "")
        return f"{date} {text.strip()[asian.end() :].strip()}".rstrip()
    if not has_month(text):
        return text
    parts = _BETWEEN.split(_WORD.sub(_translated, _ORDINAL.sub("", text)))
    return " ".join(part for part in parts if any(map(str.isalnum, part)))


def has_month(text: str) -> bool:
    """Tell whether one word of a text is the name of a month in some language."""
    return sum(_folded(word) in _months() for word in _WORD.findall(text)) == 1


def _translated(word: re.Match[str]) -> str:
    folded = _folded(word.group())
    return _months().get(folded) or ("" if folded in _left_out() else word.group())


@cache
def _months() -> dict[str, str]:
    """Return the English name of each month's name."""
    names = {english.lower(): english for english in ENGLISH}
    for english, listed in zip(ENGLISH, _NAMES.split(";"), strict=True):
        names |= dict.fromkeys(map(_folded, listed.split()), english)
    return names


@cache
def _left_out() -> frozenset[str]:
    return frozenset(map(_folded, f"{_WEEKDAYS} {_FILLERS}".split()))


def _folded(word: str) -> str:
    """Return a word without capitals and accents, which people leave out."""
    if word.isascii():
        return word.lower()
    parts = unicodedata.normalize("NFD", word.lower())
    return "".join(part for part in parts if not unicodedata.combining(part))
