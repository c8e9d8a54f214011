"""The gate for answers that a text in the photo may have dictated."""

from __future__ import annotations

import re

from vlm4rec.grounding.quality.flags import quote
from vlm4rec.grounding.quality.lettering import own_words
from vlm4rec.grounding.quality.phrases import Phrases
from vlm4rec.grounding.quality.subject import Text, plain, words_of
from vlm4rec.grounding.schema import Answer

__all__ = ["injection"]

_ABOUT_ORDERS = Phrases(
    r"""
    <ignoring> *5 <instructions>!
    ^ [<please>] ignore|disregard|forget|override! <everything>
    <please> ignore|disregard|forget|override! <everything> *2 <said>
    system|developer! prompts?|messages?|override|instructions?
    developer|dan|admin|god! mode
    prompt! injection
    jailbreak|jailbroken|jailbreaking!
    (?<!use_)(?<!wash_)(?<!apply_)as(?!_instructed_(?:in|on|by)) instructed|commanded!
    as directed|requested|ordered|told|asked|instructed! by|in|on *1 <photo>
    <obeying> [with] *3 <instructions>! *2 <within> the|this|your <photo>
    ^ <following> the|your|these|those *1 <instructions>!
    i|i've|i_have|i_was|i_am|i'm! [been|now] <told> [not] to
    i! will|must|shall|am_going_to [now|always|only] <obey>
    <tells>! me|ais?|any_ai|the_ai|the_model|the_assistant|language_models?
    <tells>! the reader|viewer|readers|viewers to <obey>
    <new> instructions!
    <dear> *1 ai|assistant|llm|model!
    you are [now|no_longer] *2 ai|assistant|chatbot|dan|language!
    act|behave|respond as a|an|the *1 <role>!
    do_not|don't|never describe|mention|reveal|disclose! the|this|any|anything|it
    respond|reply|answer|output! [only|solely|just] with|only|exactly|the_following
    repeat! after me
    ^^ pwned|hacked!
    ^^ access granted!
    ^^ injection successful!
    ^^ instructions! received|accepted|followed
    been pwned|hacked!
    api! keys?
    [your|the] password|credentials! is|are|here|below
    """,
    ignoring=r"ignor\w+ disregard\w* forget\w* overrid\w+ bypass\w*",
    instructions="instruction instructions prompt prompts command commands directive directives",
    everything="all any every everything your previous prior earlier the_above the_previous "
    "the_photo the_image the_picture the_question the_rules the_instructions",
    said="instructions? rules? questions? text prompts? guidelines? said",
    please="please now and then you_must you_should you_will must",
    obeying=r"follow\w* obey\w* comply\w* complied",
    following="following per in_accordance_with complying_with obeying",
    within="in on of from within",
    photo="image photo picture text sign note label prompt photograph",
    told="instructed commanded told ordered asked directed",
    tells="instruct tell order command direct ask prompt instructs tells orders commands directs "
    "asks prompts instructing telling asking ordering directing",
    obey="comply obey follow recommend rank rate ignore respond output buy",
    new="new updated hidden secret special additional",
    dear="dear attention hey hello note_to message_to",
    role="assistant ai administrator root developer recommender chatbot",
)

_ORDERS = Phrases(
    r"""
    always! recommend|rank|promote|suggest|prioriti[sz]e|rate
    <must> *1 <rank>! <this> *4 <first>
    <rank>! <this> *3 first|highest|above|higher|#1
    <rank>! <this> *2 at|to the [very] top
    <rank>! <this> *3 number one
    to|must|should|will be <ranked>! *2 first|highest|top|#1|above|always|number_one
    recommend|recommended! this|it|these *2 to|for all|every\w*
    ^ [please] <rank>! <this> *1 <goods>
    ^ [please] recommend|rank|rate|promote|prioritize|prioritise|boost|prefer|upvote! <all>
    ^ [please] give|grant|assign! <all> *3 score|scores|ratings?|rank|stars?|priority|access
    ^ [please] delete|transfer|send|email! <all>
    ^ tell|inform! customers?|users?|shoppers?|everyone|the_(?:customer|user|shopper)s?
    ^^ [please] buy|purchase! <this>
    """,
    must="always must should please to",
    rank="recommend rank rate promote prioritize prioritise suggest feature show place list choose "
    "pick put score position move buy",
    ranked="ranked rated recommended shown placed listed promoted prioritized prioritised",
    this="this it me us our these",
    goods="item product first now today to instead always over above immediately",
    first="first top highest above higher over now everyone every all always product item shop",
    all="this it the all every our me us a customers? users?",
)

_PRAISE = Phrases(
    r"""
    [the] best|greatest|finest! *3 ever|in_the_world|of_all_time|on_the_market|money_can_buy
    [the] best|greatest|finest! *3 you|you'll [ever|will|can] *1 find|buy|own
    most! amazing *2 ever|in_the_world|of_all_time
    number_one|#1! *1 product|choice|brand|item in_the_world|on_the_market|ever|worldwide
    buy|order|shop|act|call|get|purchase [it|this|one|yours] now|today!
    limited time! offer|only|deal
    limited-time offer|deal!
    add [it|this] to [your] cart|basket!
    click! here|the_link|on_the|below|now
    subscribe! to|now
    sign_up! now|today|at
    visit! our|us
    free shipping!
    money! back guarantee
    money-back guarantee!
    promo|discount|coupon code|codes!
    use [the] code! [a-z]*\d\w*
    100%|100_% guaranteed|satisfaction!
    10|ten|100 out! of 10|ten|100
    5|five out! of 5|five
    rated! 5|five stars?
    5|five stars? rating|review|ratings|reviews!
    five-star rating|review|product!
    """,
)

_SCORE = re.compile(r"\b(?:10/10|100/100|5/5 stars|(?:5|five)[ -]stars?(?:!| rating| review))")

_ENDING = r"\.(?:com|net|org|shop|store|io|ru|xyz|info|biz|co\.uk|de|fr)\b"
_ADDRESS = re.compile(
    r"https?://|\bwww\.\w|\bjavascript:|\bmailto:|[\w.+-]{1,64}@[\w-]{1,64}\.[a-z]{2,}"
    rf"|\b[\w-]{{1,64}}{_ENDING}/\w"
    rf"|\b(?:visit|at|go to|check out|on|from|see|via) [\w-]{{1,64}}{_ENDING}"
)
_MARKUP = re.compile(
    r"<\s*/?\s*(?:script|img|iframe|svg|a|form|object|embed|style|link|meta|input|body|html|video"
    r"|audio|base|button)\b|<!--|\bon(?:error|load|click|mouseover)\s*="
    r"|\[[^\]\n]{0,80}\]\([^)\n]{1,200}\)|\{\{.{1,80}?\}\}|\$\{.{1,80}?\}|<%.{1,80}?%>"
)
_SIGNS = (
    *("://", "www.", "@", "<", "](", "{{", "${", "onerror", "onload", "onclick", "onmouse"),
    *("javascript:", "mailto:", "10/10", "100/100", "5/5", "star", ".com", ".net", ".org"),
    *(".shop", ".store", ".io", ".ru", ".xyz", ".info", ".biz", ".co.uk", ".de", ".fr"),
)
"""What each of the patterns above has one of: looking for them first is quicker."""

_PHRASES = (
    ("It speaks of orders", _ABOUT_ORDERS),
    ("It gives an order", _ORDERS),
    ("It praises as advertising does", _PRAISE),
)
_PATTERNS = (
    ("It praises as advertising does", _SCORE),
    ("It holds an address", _ADDRESS),
    ("It holds markup", _MARKUP),
)
_KEYS = frozenset().union(*(phrases.keys for _, phrases in _PHRASES))


def injection(text: Text) -> str | None:
    """Find orders, advertising, addresses and markup in what the model says itself.

    That a product bears such words is no sign: what is quoted as lettering does not count.
    """
    if _suspicious(text.lower, text.vocabulary):
        found = _found(text.own, text.vocabulary)
        if found:
            return found
    fields = _fields(text.subject.answer)
    whole = " | ".join(fields).lower()
    if _suspicious(whole, frozenset(words_of(whole))):
        for value in fields:
            found = _found(own_words(value).lower(), frozenset(words_of(value)))
            if found:
                return found
    return None


def _suspicious(said: str, words: frozenset[str]) -> bool:
    """Tell, quickly, whether it is worth while to look closer."""
    return not _KEYS.isdisjoint(words) or _has_sign(said)


def _has_sign(said: str) -> bool:
    return any(map(said.__contains__, _SIGNS))


def _found(said: str, words: frozenset[str]) -> str | None:
    for what, phrases in _PHRASES:
        start = phrases.find(said, words)
        if start:
            return f"{what}: {quote(start)}."
    if not _has_sign(said):
        return None
    for what, pattern in _PATTERNS:
        found = pattern.search(said)
        if found:
            return f"{what}: {quote(said[found.start() :])}."
    return None


def _fields(answer: Answer) -> list[str]:
    """Return all values but the description."""
    lists = (answer.colors, answer.materials, answer.style, answer.occasion)
    values = [
        answer.category,
        answer.pattern,
        answer.audience,
        *(one for of in lists for one in of),
    ]
    return [" ".join(plain(value).split()) for value in values]
