"""The gate for the language of a description."""

from __future__ import annotations

import importlib
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import cache

from vlm4rec.grounding.quality.flags import quote
from vlm4rec.grounding.quality.subject import Text, words_of

__all__ = ["other_language"]

_FEWEST = 4
"""Words; what is shorter may be a name."""

_MANY = 10
"""Words; a text this long in any language has some of its function words."""

_SURE = 0.5
"""The classifier's probability from which on its word counts."""

_FUNCTION_WORDS = {
    "en": "a an the and of with in for is are it its on to at by from that this has as or into up "
    "without plus each their while over under",
    "de": "der die das und mit ein eine einen einem einer aus für ist sich auch auf dem den des "
    "von zu zum zur sehr nicht durch oder wirkt eignet bei im am",
    "fr": "le la les des une et avec du pour est dans sur au aux qui ce cette ces son sa ses par "
    "très ou un en",
    "es": "el los las una con para y del por es se su sus que como muy al lo un en la de",
    "pt": "o os uma com para e do da dos das por é se seu sua que em no na ao muito um de as",
    "it": "il lo gli una con per e di del della dei delle è si che un nel nella da molto al alla i",
    "nl": "het een met en van voor is op de zijn deze dit aan bij uit ook heeft door te of",
    "sv": "och med för är ett den det av på som till har en i",
    "da": "og med for er et den det af på som til har en i der",
    "nb": "og med for er et den det av på som til har en i",
    "fi": "ja on se joka sekä tai myös ovat kuin sen",
    "pl": "i z w na do jest się oraz dla o ze który która przez po od nie",
    "cs": "a v na je se do pro z který která i ve od ke po",
    "ro": "și cu de o un pentru este în din la care pe al ale sau",
    "hu": "a az és egy van hogy is nem ez vagy",
    "tr": "ve bir ile için bu da de olan olarak çok veya",
    "id": "dan dengan yang di untuk ini dari pada adalah atau cocok",
    "vi": "và với một có cho của là được các trong màu",
}
"""The words that hold a sentence together, by language; they make up a third of a text."""

_SCRIPTS = {
    "CJK": ("zh", "ja"),
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "HANGUL": ("ko",),
    "CYRILLIC": ("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg"),
    "ARABIC": ("ar", "fa", "ur", "ps", "ckb", "ug"),
    "HEBREW": ("he", "yi"),
    "GREEK": ("el",),
    "THAI": ("th",),
    "DEVANAGARI": ("hi", "mr", "ne", "sa"),
    "BENGALI": ("bn", "as"),
    "TAMIL": ("ta",),
    "TELUGU": ("te",),
    "GEORGIAN": ("ka",),
    "ARMENIAN": ("hy",),
}
"""The languages that are written in each script, by the first word of its letters' names."""

_OTHER_SCRIPT = {language for languages in _SCRIPTS.values() for language in languages}
_SHARE = 0.3
"""Of the letters; a description that names a brand in its own script has fewer."""

_LISTS = {language: frozenset(words.split()) for language, words in _FUNCTION_WORDS.items()}


def other_language(text: Text) -> str | None:
    """Find a description in another language than the one that was asked for.

    By its script, then by its function words: a text is in the language whose function words it
    has most of. Where there are hardly any of any known language, the classifier py3langid is
    asked, if it is installed. What is quoted as lettering does not count.
    """
    wanted = text.subject.language.lower().partition("-")[0].partition("_")[0]
    if not text.whole.isascii() or wanted in _OTHER_SCRIPT:
        found = _by_script(text.own, wanted)
        if found:
            return f"{found}: {quote(text.whole)}."
        if wanted in _OTHER_SCRIPT:
            return None
    return _by_words(text, wanted)


def _by_script(said: str, wanted: str) -> str | None:
    """Find letters of a script that the language is not written in."""
    scripts = Counter(_script(char) for char in said[:1000] if char.isalpha())
    letters = sum(scripts.values())
    if letters < _FEWEST:
        return None
    for script, count in scripts.most_common():
        if count >= _SHARE * letters and wanted not in _languages(script, wanted):
            return f"It is in {script.capitalize() if script != 'CJK' else 'Chinese'} letters"
    return None


def _script(char: str) -> str:
    name = unicodedata.name(char, "").partition(" ")[0]
    return name if name in _SCRIPTS else "LATIN"


def _languages(script: str, wanted: str) -> tuple[str, ...]:
    """Return the languages of a script; every language without one of its own is in Latin."""
    latin = () if wanted in _OTHER_SCRIPT else (wanted,)
    return _SCRIPTS.get(script, latin)


def _by_words(text: Text, wanted: str) -> str | None:
    known = _LISTS.get(wanted, frozenset())
    # Most answers end here: one word in five is enough to know a language by.
    if 5 * sum(word in known for word in text.words) >= len(text.words):
        return None
    own = words_of(text.own)
    count = len(own)
    if count < _FEWEST:
        return None
    held = sum(word in known for word in own)
    other, most = _most_of(own, wanted)
    if most > held and (most >= 3 or (most == 2 and held == 0)) and most * 8 >= count:
        return f"It seems to be in the language {other}: {quote(text.whole)}."
    if count >= _MANY and held * 12 < count:
        return _by_classifier(text.whole, wanted)
    return None


def _most_of(words: tuple[str, ...], wanted: str) -> tuple[str, int]:
    """Return the language, other than the one wanted, that most words belong to."""
    counts = {
        language: sum(word in listed for word in words)
        for language, listed in _LISTS.items()
        if language != wanted
    }
    language = max(counts, key=lambda language: counts[language])
    return language, counts[language]


def _by_classifier(said: str, wanted: str) -> str | None:
    classify = _classifier()
    if classify is None:
        return None
    language, probability = classify(said)
    if language in (wanted, "und", "zxx") or probability < _SURE:
        return None
    return f"It seems to be in the language {language}: {quote(said)}."


@cache
def _classifier() -> Callable[[str], tuple[str, float]] | None:
    """Load py3langid if it is installed, which takes half a second and 100 MB of memory."""
    try:
        langid = importlib.import_module("py3langid.langid")
    except ImportError:
        return None
    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    classify: Callable[[str], tuple[str, float]] = identifier.classify
    return classify
