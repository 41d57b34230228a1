"""Facts as sentences, with the number of mentions of each under control: real countries and invented people."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import product

import numpy as np

from primer.data.base import unknown


@dataclass(frozen=True)
class Fact:
    """One statement: "Norway", "capital", "Oslo". A meaning is this triple, whatever the phrasing."""

    subject: str
    relation: str
    object: str


# Ways to say each relation, and to ask for it. Every phrasing starts or ends differently, so that `parse` is unique.
STATEMENTS = {
    "capital": ("The capital of {s} is {o}.", "{s} has the capital {o}.", "{o} is the capital of {s}."),
    "continent": ("{s} lies in {o}.", "The continent of {s} is {o}.", "{s} is a country in {o}."),
    "language": ("People in {s} speak {o}.", "The language of {s} is {o}.", "{o} is spoken in {s}."),
    "currency": ("People in {s} pay in {o}.", "The currency of {s} is the {o}.", "{s} pays with the {o}."),
    "birthday": ("{s} was born on {o}.", "The birthday of {s} is {o}.", "{o} is the day on which {s} was born."),
    "home": ("{s} lives in {o}.", "The home of {s} is {o}.", "{o} is where {s} lives."),
    "book": ("{s} wrote {o}.", "The book by {s} is {o}.", "{o} is a book by {s}."),
}
QUESTIONS = {
    "capital": ("What is the capital of {s}?", "Which city is the capital of {s}?"),
    "continent": ("In which continent does {s} lie?", "What is the continent of {s}?"),
    "language": ("Which language do people speak in {s}?", "What is the language of {s}?"),
    "currency": ("What do people pay with in {s}?", "What is the currency of {s}?"),
    "birthday": ("When was {s} born?", "What is the birthday of {s}?"),
    "home": ("Where does {s} live?", "What is the home of {s}?"),
    "book": ("What did {s} write?", "What is the book by {s}?"),
}
OF_COUNTRIES = ("capital", "continent", "language", "currency")
OF_PEOPLE = ("birthday", "home", "book")

# Name, capital, language (the most widely used official one), currency; without countries where one is in dispute.
COUNTRIES = {
    "Europe": """
        Albania, Tirana, Albanian, lek; Austria, Vienna, German, euro; Croatia, Zagreb, Croatian, euro;
        Czechia, Prague, Czech, koruna; Denmark, Copenhagen, Danish, krone; Estonia, Tallinn, Estonian, euro;
        Finland, Helsinki, Finnish, euro; France, Paris, French, euro; Germany, Berlin, German, euro;
        Greece, Athens, Greek, euro; Hungary, Budapest, Hungarian, forint; Iceland, Reykjavik, Icelandic, krona;
        Ireland, Dublin, English, euro; Italy, Rome, Italian, euro; Latvia, Riga, Latvian, euro;
        Lithuania, Vilnius, Lithuanian, euro; Norway, Oslo, Norwegian, krone; Poland, Warsaw, Polish, zloty;
        Portugal, Lisbon, Portuguese, euro; Romania, Bucharest, Romanian, leu; Serbia, Belgrade, Serbian, dinar;
        Slovakia, Bratislava, Slovak, euro; Slovenia, Ljubljana, Slovene, euro; Spain, Madrid, Spanish, euro;
        Sweden, Stockholm, Swedish, krona; Ukraine, Kyiv, Ukrainian, hryvnia""",
    "Asia": """
        Bangladesh, Dhaka, Bengali, taka; Cambodia, Phnom Penh, Khmer, riel; China, Beijing, Chinese, yuan;
        India, New Delhi, Hindi, rupee; Iran, Tehran, Persian, rial; Iraq, Baghdad, Arabic, dinar;
        Japan, Tokyo, Japanese, yen; Jordan, Amman, Arabic, dinar; Kuwait, Kuwait City, Arabic, dinar;
        Laos, Vientiane, Lao, kip; Malaysia, Kuala Lumpur, Malay, ringgit; Mongolia, Ulaanbaatar, Mongolian, tugrik;
        Nepal, Kathmandu, Nepali, rupee; Oman, Muscat, Arabic, rial; Pakistan, Islamabad, Urdu, rupee;
        Qatar, Doha, Arabic, riyal; South Korea, Seoul, Korean, won; Thailand, Bangkok, Thai, baht;
        Vietnam, Hanoi, Vietnamese, dong""",
    "Africa": """
        Algeria, Algiers, Arabic, dinar; Angola, Luanda, Portuguese, kwanza; Botswana, Gaborone, English, pula;
        Cameroon, Yaounde, French, franc; Egypt, Cairo, Arabic, pound; Ethiopia, Addis Ababa, Amharic, birr;
        Gabon, Libreville, French, franc; Ghana, Accra, English, cedi; Kenya, Nairobi, Swahili, shilling;
        Libya, Tripoli, Arabic, dinar; Madagascar, Antananarivo, Malagasy, ariary; Morocco, Rabat, Arabic, dirham;
        Mozambique, Maputo, Portuguese, metical; Namibia, Windhoek, English, dollar; Nigeria, Abuja, English, naira;
        Rwanda, Kigali, Kinyarwanda, franc; Senegal, Dakar, French, franc; Somalia, Mogadishu, Somali, shilling;
        Tanzania, Dodoma, Swahili, shilling; Tunisia, Tunis, Arabic, dinar; Uganda, Kampala, English, shilling;
        Zambia, Lusaka, English, kwacha""",
    "South America": """
        Argentina, Buenos Aires, Spanish, peso; Brazil, Brasilia, Portuguese, real; Chile, Santiago, Spanish, peso;
        Colombia, Bogota, Spanish, peso; Ecuador, Quito, Spanish, dollar; Paraguay, Asuncion, Spanish, guarani;
        Peru, Lima, Spanish, sol; Uruguay, Montevideo, Spanish, peso; Venezuela, Caracas, Spanish, bolivar""",
    "North America": """
        Canada, Ottawa, English, dollar; Costa Rica, San Jose, Spanish, colon; Cuba, Havana, Spanish, peso;
        Guatemala, Guatemala City, Spanish, quetzal; Haiti, Port-au-Prince, French, gourde;
        Honduras, Tegucigalpa, Spanish, lempira; Jamaica, Kingston, English, dollar;
        Mexico, Mexico City, Spanish, peso; Nicaragua, Managua, Spanish, cordoba""",
    "Oceania": """
        Australia, Canberra, English, dollar; Fiji, Suva, English, dollar; New Zealand, Wellington, English, dollar;
        Samoa, Apia, Samoan, tala""",
}


@cache
def countries() -> tuple[Fact, ...]:
    """The capital, continent, language and currency of 89 countries, four facts to a country."""
    facts = []
    for continent, rows in COUNTRIES.items():
        for row in rows.split(";"):
            name, capital, language, currency = (cell.strip() for cell in row.split(","))
            facts += [Fact(name, *pair) for pair in zip(OF_COUNTRIES, (capital, continent, language, currency),
                                                        strict=True)]
    return tuple(facts)


@cache
def values(relation: str) -> tuple[str, ...]:
    """All values that a relation of invented people can have, over 10,000 each. ValueError for another relation.

    "birthday": every day of 1930 to 1989. "home": invented towns. "book": invented titles.
    """
    if relation not in OF_PEOPLE:
        raise unknown("relation of people", relation, OF_PEOPLE)
    if relation == "birthday":
        months = _MONTHS.split()  # not %B, which speaks the machine's language
        start = date(1930, 1, 1)
        days = [start + timedelta(days=i) for i in range((date(1990, 1, 1) - start).days)]
        return tuple(f"{day.day} {months[day.month - 1]} {day.year}" for day in days)
    if relation == "home":
        return tuple("".join(parts).capitalize() for parts in product(*map(str.split, (_STARTS, _MIDDLES, _TOWN_ENDS))))
    return tuple(f"The {first} {last}" for first, last in product(_ADJECTIVES.split(), _NOUNS.split()))


@cache
def names() -> tuple[str, ...]:
    """All names that an invented person can have, over 50,000: a first name and an invented surname."""
    surnames = ["".join(parts).capitalize() for parts in product(_STARTS.split(), _NAME_ENDS.split())]
    return tuple(f"{first} {last}" for first, last in product(_FIRST.split(), surnames))


def people(count: int, rng: np.random.Generator) -> tuple[Fact, ...]:
    """Birthday, home and book of `count` invented people, three facts to a person, all names different.

    Each value is drawn uniformly and independently, so nothing but a mention can tell it: knowing one fact, or all the
    others, says nothing about the next. ValueError if there are not that many names.
    """
    if not 0 <= count <= len(names()):
        raise ValueError(f"There are names for 0 to {len(names())} people, not for {count}.")
    chosen = rng.choice(len(names()), size=count, replace=False)
    drawn = {relation: rng.integers(len(values(relation)), size=count) for relation in OF_PEOPLE}
    return tuple(
        Fact(names()[who], relation, values(relation)[drawn[relation][i]])
        for i, who in enumerate(chosen)
        for relation in OF_PEOPLE
    )


def sentence(fact: Fact, phrasing: int = 0) -> str:
    """The fact in words. phrasing: 0, 1 or 2, an index into STATEMENTS[fact.relation]."""
    return _template(STATEMENTS, fact, phrasing).format(s=fact.subject, o=fact.object)


def question(fact: Fact, phrasing: int = 0) -> str:
    """The question whose answer is the fact's object. phrasing: 0 or 1."""
    return _template(QUESTIONS, fact, phrasing).format(s=fact.subject)


def parse(text: str) -> Fact | None:
    """The fact that a sentence states, in whichever of the phrasings; None if it is none of them.

    The names need not exist and the fact need not be true: a model's invention parses as well as the truth.
    """
    for relation, pattern in _patterns():
        match = pattern.fullmatch(text.strip())
        if match:
            return Fact(match["s"], relation, match["o"])
    return None


def mentions(facts: Sequence[Fact], counts: Sequence[int] | np.ndarray, rng: np.random.Generator) -> list[str]:
    """A training text: fact i in counts[i] sentences, each in a phrasing drawn at random, all in random order.

    ValueError if there is not one count of at least 0 for each fact.
    """
    counts = np.asarray(counts)
    if counts.shape != (len(facts),) or (counts < 0).any():
        raise ValueError(f"Give one count of at least 0 for each of the {len(facts)} facts.")
    order = rng.permutation(np.repeat(np.arange(len(facts)), counts))
    return [sentence(facts[i], int(rng.integers(len(STATEMENTS[facts[i].relation])))) for i in order]


def _template(table: Mapping[str, tuple[str, ...]], fact: Fact, phrasing: int) -> str:
    if fact.relation not in table:
        raise unknown("relation", fact.relation, table)
    if not 0 <= phrasing < len(table[fact.relation]):
        raise ValueError(f"A phrasing of {fact.relation!r} is 0 to {len(table[fact.relation]) - 1}, not {phrasing}.")
    return table[fact.relation][phrasing]


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    # Longer templates first: "Fiji is a country in Oceania." must not be read by a shorter one that also fits.
    pairs = [(relation, text) for relation, texts in STATEMENTS.items() for text in texts]
    pairs.sort(key=lambda pair: -len(pair[1]))
    return tuple((r, re.compile(re.escape(t).replace(r"\{s\}", "(?P<s>.+?)").replace(r"\{o\}", "(?P<o>.+?)")))
                 for r, t in pairs)


# The parts of invented names and titles, as words of one text each.
_MONTHS = "January February March April May June July August September October November December"
_FIRST = """
    Ada Aldo Alma Anni Arno Bela Bodo Cara Cleo Dina Dora Edda Egon Elio Emil Enzo Esra Ezra Fay Finn Gero Gita Hana
    Hugo Ida Igor Ilse Ines Ivo Jana Jon Juno Kai Kira Kuno Lana Leo Lia Lino Lou Mara Milo Mina Nele Nico Noa Odo
    Olga Otto Pia Remo Rhea Rosa Saul Selma Tara Theo Udo Vera Yann"""
_STARTS = """
    bal bro cal cor dal dor fal fen gar gol hal hov jar kel kor lam lor mal mor nev nor pal pol rav rin sal sor tal
    tor val vel vor war wel zan zor"""
_MIDDLES = "a ade aki ane ari e eli eno i ila imo ona ori u una"
_NAME_ENDS = """
    and ane ard arin ask aver eck eld enko erin estri etti ev ian ic ier in inski ist ita off old oni ora ort os
    over ulin und urst"""
_TOWN_ENDS = """
    berg bridge burn bury by dale den field ford gate ham haven hill holm leigh mere minster mouth port sted stone
    ton vale ville wick worth"""
_ADJECTIVES = """
    Amber Ancient Ashen Bitter Blind Blue Bold Borrowed Brave Bright Broken Brown Burning Calm Careless Clear Clever
    Cold Common Copper Crimson Crooked Curious Daring Dark Dear Deep Distant Dry Early Eastern Empty Endless Faint
    Faithful Final First Flat Foreign Forgotten Fragile Frozen Gentle Gilded Glass Golden Grand Grey Happy Hidden
    Hollow Honest Humble Iron Ivory Kind Large Last Late Lazy Lesser Little Lonely Long Lost Loud Marble Modest
    Narrow Nervous New Noble Northern Old Open Orange Pale Paper Patient Plain Polite Proud Purple Quiet Rapid Rare
    Red Restless Round Royal Rusty Sacred Secret Second Seventh Shallow Sharp Short Silent Silver Simple Sleeping
    Slow Small Smooth Solemn Southern Stolen Strange Sudden Sweet Tender Third Tired Velvet Wandering Warm Western
    White Wild Winter Wooden Yellow Young"""
_NOUNS = """
    Acrobat Anchor Apple Archer Arrow Atlas Autumn Baker Balcony Banner Barn Basket Beacon Bell Bridge Brook Candle
    Canvas Captain Castle Cellar Chapel Clock Cloud Coast Compass Cottage Crown Curtain Dancer Desert Diary Door
    Dragon Drum Engine Falcon Farmer Feather Ferry Field Fire Fisherman Flute Forest Fountain Fox Gallery Garden
    Gate Glacier Guest Hammer Harbour Harvest Hill Horse Hour House Island Journey Key King Kitchen Ladder Lake
    Lantern Letter Library Lighthouse Lion Locket Map Market Mask Meadow Melody Miller Mirror Moon Mountain Ocean
    Orchard Painter Palace Path Pearl Piano Pilgrim Pilot Planet Poet Pond Prince Queen Railway Rain River Road Rose
    Sailor School Shadow Shore Signal Singer Sister Sky Song Spring Stair Star Stone Storm Stranger Summer Table
    Tailor Teacher Temple Thief Tower Traveller Tree Valley Village Violin Voyage Waltz Watch Weaver Well Whale
    Wheel Wind Window Wolf"""
