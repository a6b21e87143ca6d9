"""Characters that nobody sees and that change what is read: what becomes of them before a text is shown anywhere.

A terminal obeys ESC and U+009B (CSI); a marker of direction turns `gpj.exe` into `exe.jpg` for the eye (UAX 9; CVE-2021-42574); U+2028
ends a line for some programs and not for others; a lone surrogate cannot be written at all. Letters of every script pass as they are,
with the joiners, selectors and marks that they need.
"""

from __future__ import annotations

import json
import re
from typing import Any

_BREAKS = "\x0b\x0c\x85\u2028\u2029"  # ends of lines beside \n and \r (UAX 14, BK and NL)
# C0, C1, surrogates, and the 66 noncharacters (Unicode 15.1, 23.7): two at the end of each plane, and U+FDD0-FDEF.
_LOW_NO_CHARACTERS = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
_NO_CHARACTERS = _LOW_NO_CHARACTERS + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
# Default_Ignorable_Code_Point (Unicode 15.1, DerivedCoreProperties.txt), and the annotation controls U+FFF9-FFFB, which have no face
# either. Exceptions, because letters need them: the variation selectors (U+180B-180D and U+180F, U+FE00-FE0F, U+E0100-E01EF), which choose
# among shapes of one letter; and, between letters of scripts that join, U+200C, U+200D and Mongolian's U+180E.
_LOW_UNSEEN = "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
_UNSEEN = _LOW_UNSEEN + "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
# Every range of these planes costs time at each letter that is looked at: few ranges with all of them in, of characters hardly met.
_HIGH = "\U0001bca0-\U0001d17a\U0001fffe-\U0001ffff\U0002fffe-\U0002ffff\U0003fffe-\U0010ffff"
_JOINERS = "\u200c\u200d"
_MONGOLIAN_JOINER, _MONGOLIAN = "\u180e", "\u180b-\u180d\u180f\u1820-\u18aa"  # it parts a last vowel from the letters before it
# Scripts whose letters join or stack (Arabic to Tibetan and Myanmar, Khmer and Mongolian, their supplements), and emoji.
_JOINING = (
    "\u0600-\u061b\u061d-\u109f\u1780-\u1cff\u2600-\u27bf\ua800-\uabff\ufb50-\ufdcf\ufdf0-\ufdff\ufe0f\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f\U0001f000-\U0001faff"
)

ALTERED = _BREAKS + _LOW_NO_CHARACTERS + _LOW_UNSEEN + _JOINERS + _MONGOLIAN_JOINER + _HIGH + "\r"
"""What `shown` may change, as the inside of a character class."""

_ALTERED = re.compile(f"[{ALTERED}]")
_LINE_END = re.compile(f"\r\n?|[{_BREAKS}]")
_NO_CHARACTER = re.compile(f"[{_NO_CHARACTERS}]")
_STRAY = "|".join(
    f"(?<![{letters}])[{joiners}]+|[{joiners}]+(?![{letters}])"
    for joiners, letters in ((_JOINERS, _JOINING), (_MONGOLIAN_JOINER, _MONGOLIAN))
)
_UNSEEN_OR_STRAY = re.compile(f"[{_UNSEEN}]|{_STRAY}")
_BLANKS = re.compile("[\t\n]+")
_ESCAPED_IN_JSON = re.compile(f"[{_BREAKS}{_NO_CHARACTERS}{_UNSEEN}]|{_STRAY}")


def shown(text: str) -> str:
    """`text` as a reader may meet it: lines end in \\n; a control character or lone surrogate becomes U+FFFD, so that it is seen; what has
    no face of its own (marks of direction, zero-width blanks, tags, joiners between letters that do not join) is dropped.
    """
    if not _ALTERED.search(text):
        return text
    return _UNSEEN_OR_STRAY.sub("", _NO_CHARACTER.sub("\ufffd", _LINE_END.sub("\n", text)))


def on_one_line(text: str) -> str:
    """The same in one line: what parted lines or columns becomes a blank."""
    return _BLANKS.sub(" ", shown(text))


def as_json(value: Any) -> str:
    """JSON that a terminal shows without obeying it: Chinese as it is, what `shown` would change as \\uXXXX, so that nothing is lost."""
    written = json.dumps(value, ensure_ascii=False, indent=2)
    return _ESCAPED_IN_JSON.sub(lambda found: json.dumps(found[0])[1:-1], written)
