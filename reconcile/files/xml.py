"""Markup from strangers, parsed without ever leaving the bytes at hand: no document types, no entities, no network."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree

_UTF8_ONLY = re.compile(rb"""(?:\xef\xbb\xbf)?\s*(?:<\?xml(?![^>]*?encoding=["'](?!utf-8["']))[^>]*\?>)?\s*<[A-Za-z]""", re.IGNORECASE)
_HIDING = re.compile(rb"""[^>]{0,200}encoding=["'](?:utf-?7|[^"']*ebcdic|ibm|cp0?37|cp500)""", re.IGNORECASE)
_UNLAWFUL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|]]>")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class UnsafeMarkup(Exception):  # noqa: N818 -- named for what it is; never reaches the user
    """The markup declares a document type or hides behind an odd encoding."""


def check_safe(data: bytes) -> None:
    """Raise UnsafeMarkup for a document type in any encoding the parser would understand."""
    if b"\x00" in data[:4]:  # UTF-16 or UTF-32: looked at without the padding
        declared = b"<!DOCTYPE" in data.replace(b"\x00", b"")
    else:
        # An encoding that is no superset of ASCII (UTF-7, EBCDIC) could hide anything and is used by nobody.
        declared = b"<!DOCTYPE" in data or _HIDING.match(data) is not None or (b"<" not in data[:200] and data.strip() != b"")
    if declared:
        raise UnsafeMarkup


def parse(data: bytes) -> etree._Element:
    """Parse one part. Raises UnsafeMarkup or lxml.etree.XMLSyntaxError."""
    check_safe(data)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(data, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnsafeMarkup
    return root


def local(element: etree._Element) -> str:
    """The element's name without its name space, so that transitional and strict files read alike."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def is_plain_utf8(data: bytes) -> bool:
    """Whether the part is UTF-8 by its own declaration, so that its bytes may be searched."""
    return _UTF8_ONLY.match(data) is not None


def decode_texts(pieces: Iterable[bytes]) -> dict[bytes, str]:
    """Decode pieces of text content of a UTF-8 part, references resolved. The parser resolves all of them in one go: openpyxl writes every
    Chinese character as a reference. Raises UnicodeDecodeError or lxml.etree.XMLSyntaxError. The pieces must not contain `<`.
    """
    texts: dict[bytes, str] = {}
    referring: list[bytes] = []
    for piece in pieces:
        if b"&" in piece:
            referring.append(piece)
        else:
            texts[piece] = text = piece.decode()
            if (found := _UNLAWFUL.search(text)) is not None:
                raise UnicodeDecodeError("utf-8", piece, found.start(), found.end(), "not allowed in XML")
    if referring:
        markup = b"<r><t>" + b"</t><t>".join(referring) + b"</t></r>"
        root = etree.fromstring(markup, etree.XMLParser(resolve_entities=False, no_network=True))
        texts.update(zip(referring, (element.text or "" for element in root), strict=True))
    return texts


def unescape_excel(text: str) -> str:
    """Resolve Excel's own _xHHHH_ escapes (ECMA-376 part 1, 22.4.2.4); a lone surrogate becomes U+FFFD."""
    if "_x" not in text:
        return text
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
