"""Gates for answers in which the model says why it does not describe the photo."""

from __future__ import annotations

from vlm4rec.grounding.quality.flags import quote
from vlm4rec.grounding.quality.lettering import own_words
from vlm4rec.grounding.quality.phrases import Phrases
from vlm4rec.grounding.quality.subject import Text, plain, words_of

__all__ = ["no_photo", "refused"]

_REFUSALS = Phrases(
    r"""
    <i_am>! [<so>] sorry|afraid|unable
    <i_am>! [<so>] not allowed|permitted|comfortable|programmed
    i|we! [must|have_to|will|need_to] [respectfully|politely] decline|apologi[sz]e
    i|we! <cannot> *1 <help>
    i|we! won't|will_not|wouldn't be able to *1 <help>
    <i_am>! not_able|not_going|unable to *1 <help>
    <i_am>! [just|only] a|an *1 ai|language_model|virtual_assistant
    as a|an ai!
    as a|an *1 language|vision|artificial! [language] model|intelligence
    against|violates?|violation_of|violating|with *4 policy|policies|guidelines!
    content|safety|usage! policy|policies|filters?
    unable! to <help> [with] this|that|the|you|your|a|an|any
    ^^ [my] sorry(?!-),?|apologies,?!
    ^^ unfortunately,?! this|your|the request|content
    ^^ [this|the|your] request|content|response|answer! [<was>] <barred>
    ^^ lo siento!
    ^^ je suis! (?:vraiment_)?désolée?,?
    ^^ je ne peux! pas
    ^^ es tut mir leid!
    ^^ ich kann! *5 nicht
    ^^ sinto! muito
    ^^ mi spiace|dispiace!
    ^^ het spijt! me
    """,
    i_am="i'm i_am we're we_are",
    so="very so really truly deeply",
    cannot="can't cannot can_not won't will_not couldn't could_not don't do_not",
    help="help assist describe provide fulfil fulfill comply process complete identify analyze "
    "analyse generate create discuss engage continue answer do",
    was="was is has_been can't_be cannot_be could_not_be",
    barred="denied blocked refused filtered removed withheld processed",
)

_GROUPS = {
    "photo": "image images photo photos picture pictures photograph photographs attachment "
    "attachments file files",
    "came": "provided attached uploaded given supplied shared included received found present "
    "available loaded visible accessible displayed shown opened read",
    "was": "was is were are has_been have_been appears_to_be seems_to_be",
    "was_not": "was_not wasn't is_not isn't were_not are_not has_not hasn't have_not did_not "
    "didn't does_not doesn't could_not couldn't cannot can't failed appears_not seems_not",
    "here": "here attached provided message conversation request chat prompt input",
    "see": "see view access open find receive load display detect",
}

_NO_PHOTO = Phrases(
    r"""
    no *2 <photo>! [<was>] <came>
    there isn't|is_not|doesn't|does_not|don't|was_not|wasn't *3 a|an|any *2 <photo>! *3 <here>
    <photo>! <was_not> [to|have] [been|be] <came>
    <photo>! <was_not> [to] load|display|open|come_through|appear|upload
    i|we! <cannot> [actually|directly|currently|really] <see> *4 <seen>
    i|we! don't|do_not|didn't|did_not|never|no *1 have|see|receive|received|got|get *5 <photo>
    <i_am>! unable|not_able to *1 <see> *4 <seen>
    i|we! haven't|have_not *1 been|received *4 <photo>
    please! *1 <send> *4 <sent>
    <photo>! *1 is|was|appears|seems|appears_to_be|seems_to_be [completely|entirely|totally] <bad>
    without seeing|viewing|access_to|being_able_to_see *2 <photo>!
    text-(?:only|based) ai|model|assistant|language!
    """,
    **_GROUPS,
    i_am="i'm i_am we're we_are",
    cannot="can't cannot can_not don't do_not didn't did_not couldn't could_not",
    send="upload attach provide share send supply reupload re-upload resend re-send paste",
    bad="blank empty corrupt corrupted broken missing unavailable unreadable",
    seen=_GROUPS["photo"] + " visual visuals url link",
    sent=_GROUPS["photo"] + " it one",
)

_OTHER_REFUSALS = ("抱歉", "对不起", "我无法", "我不能", "申し訳", "죄송")
_OTHER_NO_PHOTO = ("没有图片", "没有提供图片", "没有看到图片", "画像が")
"""How an answer begins in languages that are written without spaces, or with endings."""


def refused(text: Text) -> str | None:
    """Find a refusal in prose, inside a description or around the JSON."""
    if text.whole.lstrip().startswith(_OTHER_REFUSALS):
        return f"The model refuses: {quote(text.whole)}."
    return _found(_REFUSALS, text, "The model refuses")


def no_photo(text: Text) -> str | None:
    """Find words that no photo came."""
    if text.whole.lstrip().startswith(_OTHER_NO_PHOTO):
        return f"The model misses the photo: {quote(text.whole)}."
    return _found(_NO_PHOTO, text, "The model misses the photo")


def _found(phrases: Phrases, text: Text, what: str) -> str | None:
    found = ""
    if not phrases.keys.isdisjoint(text.vocabulary):
        found = phrases.find(text.own, text.vocabulary)
    if not found and text.around:
        found = phrases.find(text.around, frozenset(words_of(text.around)))
    return f"{what}: {quote(_as_written(found, text))}." if found else None


def _as_written(found: str, text: Text) -> str:
    """Return what was found in lower case as the model wrote it."""
    said = found.partition(" |")[0]  # what comes then stood after the JSON
    for source in (text.whole, own_words(text.whole), plain(text.subject.text)):
        line = " ".join(source.split())
        lower = line.lower()
        # A few letters become two in lower case: then the places are not the same.
        if len(lower) == len(line) and (place := lower.rfind(said)) >= 0:
            return line[place : place + len(said)]
    return said
