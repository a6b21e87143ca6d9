"""The narrative as a Word file in the layout of GB/T 9704-2012, the standard for official documents.

A4; margins 37, 35, 28, 26 mm; body 16 pt 仿宋 with 22 lines of 28 characters; title 22 pt 小标宋, centred; 一、in 黑体, （一）in 楷体;
page number "— 1 —" in 14 pt at the outer edge. Every figure carries a bookmark 数据N, N being its number in the register.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from reconcile.files.safe import clean, repacked
from reconcile.model.narrative import Block, Level, Narrative

if TYPE_CHECKING:
    from docx.document import Document as DocumentObject
    from docx.styles.style import ParagraphStyle
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run

_WESTERN = "Times New Roman"
_BODY = 16  # pt, 3号
_PITCH = 28.95  # pt: 225 mm of text height / 22 lines, rounded down so that the 22nd line still fits
_TIGHTER = -5  # twentieths of a point: 28 characters of 15.75 pt make 441 pt, and 156 mm are 442.2 pt
_TITLE_LINE = 20  # characters of 22 pt that fit on a line
_TITLE_PITCH = 34
_DAY = date(2000, 1, 1)  # where no day is given: the same file every time


@dataclass(frozen=True, slots=True)
class _Face:
    """A paragraph style: its name, East Asian font, size in pt, first-line indent in characters, alignment and outline level."""

    name: str
    font: str
    size: int
    indent: int = 2
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.JUSTIFY
    outline: int | None = None


_FACES = {
    Level.TITLE: _Face("公文标题", "方正小标宋简体", 22, 0, WD_ALIGN_PARAGRAPH.CENTER),
    Level.SUBTITLE: _Face("公文副题", "楷体_GB2312", _BODY, 0, WD_ALIGN_PARAGRAPH.CENTER),
    Level.ADDRESSEE: _Face("主送机关", "仿宋_GB2312", _BODY, 0, WD_ALIGN_PARAGRAPH.LEFT),
    Level.HEADING: _Face("一级标题", "黑体", _BODY, outline=0),
    Level.SUBHEADING: _Face("二级标题", "楷体_GB2312", _BODY, outline=1),
    Level.PARAGRAPH: _Face("公文正文", "仿宋_GB2312", _BODY),
    Level.SIGNATURE: _Face("落款", "仿宋_GB2312", _BODY, 0, WD_ALIGN_PARAGRAPH.RIGHT),
}


def docx(narrative: Narrative, *, edition: str, day: date | None = None) -> bytes:
    """The Word file. `edition` (数据版本) stands small in the footer and in the file's properties; `day` is the file's date.

    The same narrative, edition and day give the same bytes.
    """
    document: DocumentObject = Document()
    _page(document)
    _styles(document)
    _footers(document, edition)
    _body(document, narrative)
    _properties(document, narrative, edition=edition, day=day or _DAY)
    saved = io.BytesIO()
    document.save(saved)
    return repacked(saved.getvalue())


def _page(document: DocumentObject) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(23)  # the page number stands 7 mm below the text
    for grid in section._sectPr.findall(qn("w:docGrid")):
        section._sectPr.remove(grid)  # LibreOffice halves the lines of a grid; exact line spacing does the same everywhere


def _styles(document: DocumentObject) -> None:
    styles: Any = document.styles
    defaults = styles.element.find(qn("w:docDefaults"))
    for fonts in defaults.iter(qn("w:rFonts")):
        fonts.attrib.clear()  # the template's theme fonts would win over what is named here (python-docx issue 1601)
        _set_fonts(fonts, "仿宋_GB2312")
    for language in defaults.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")
    normal = styles["Normal"]
    _font(normal, "仿宋_GB2312", _BODY)
    for face in _FACES.values():
        style: ParagraphStyle = styles.add_style(face.name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        _font(style, face.font, face.size)
        _paragraph_format(style, face)


def _paragraph_format(style: Any, face: _Face) -> None:
    layout = style.paragraph_format
    layout.alignment = face.align
    layout.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    layout.line_spacing = Pt(_TITLE_PITCH if face.size > _BODY else _PITCH)
    layout.space_before = layout.space_after = Pt(0)
    layout.widow_control = False  # a page has 22 lines, whatever stands on it
    layout.keep_with_next = face.outline is not None
    properties = style.element.get_or_add_pPr()
    if face.indent:
        indent = properties.get_or_add_ind()
        indent.set(qn("w:firstLineChars"), str(face.indent * 100))
        indent.set(qn("w:firstLine"), str(face.indent * (face.size * 20 + _TIGHTER)))
    if face.outline is not None:
        outline = OxmlElement("w:outlineLvl")
        outline.set(qn("w:val"), str(face.outline))
        properties.append(outline)
    if face.size == _BODY:
        spacing = OxmlElement("w:spacing")
        spacing.set(qn("w:val"), str(_TIGHTER))
        size = style.element.get_or_add_rPr().find(qn("w:sz"))
        size.addprevious(spacing)  # the schema wants it before the size


def _font(owner: Any, east_asian: str, size: float) -> None:
    """Set the font of a style or run for every script: Word and WPS fall back to another face where one is missing."""
    owner.font.name = _WESTERN
    owner.font.size = Pt(size)
    _set_fonts(owner.element.get_or_add_rPr().find(qn("w:rFonts")), east_asian)


def _set_fonts(fonts: Any, east_asian: str, western: str = _WESTERN) -> None:
    for script, name in (("ascii", western), ("hAnsi", western), ("eastAsia", east_asian), ("cs", western)):
        fonts.set(qn(f"w:{script}"), name)
    fonts.set(qn("w:hint"), "eastAsia")


def _footers(document: DocumentObject, edition: str) -> None:
    """Page numbers at the outer edge, a character in from it; the edition, small, at the inner edge."""
    document.settings.odd_and_even_pages_header_footer = True
    section = document.sections[0]
    width = section.page_width - section.left_margin - section.right_margin  # type: ignore[operator] # set in _page
    for footer, number_first in ((section.footer, False), (section.even_page_footer, True)):
        footer.is_linked_to_previous = False
        paragraph = footer.paragraphs[0]
        paragraph.style = document.styles["公文正文"]
        paragraph.paragraph_format.first_line_indent = Pt(0)
        _no_indent_in_characters(paragraph)
        paragraph.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.LEFT
        paragraph.paragraph_format.left_indent = Pt(14) if number_first else Pt(0)
        paragraph.paragraph_format.tab_stops.add_tab_stop(width if number_first else width - Pt(14), WD_TAB_ALIGNMENT.RIGHT)
        if number_first:
            _page_number(paragraph)
            paragraph.add_run("\t")
            _edition(paragraph, edition)
        else:
            _edition(paragraph, edition)
            paragraph.add_run("\t")
            _page_number(paragraph)


def _no_indent_in_characters(paragraph: Paragraph) -> None:
    indent = paragraph._p.get_or_add_pPr().get_or_add_ind()
    indent.set(qn("w:firstLineChars"), "0")


def _edition(paragraph: Paragraph, edition: str) -> None:
    run = paragraph.add_run(f"数据版本 {clean(edition)}" if edition else "")
    _font(run, "宋体", 9)
    run.font.color.rgb = RGBColor(0x80, 0x80, 0x80)


def _page_number(paragraph: Paragraph) -> None:
    for part in ("— ", None, " —"):
        for run in _field(paragraph, "PAGE") if part is None else (paragraph.add_run(part),):
            _font(run, "宋体", 14)
            _set_fonts(run._r.get_or_add_rPr().find(qn("w:rFonts")), "宋体", "宋体")


def _field(paragraph: Paragraph, instruction: str) -> Iterator[Run]:
    """The runs of a field, with 1 as the result shown until it is computed."""
    for kind in ("begin", "instruction", "separate", "result", "end"):
        run = paragraph.add_run()
        if kind == "instruction":
            text = OxmlElement("w:instrText")
            text.set(qn("xml:space"), "preserve")
            text.text = f" {instruction} "
            run._r.append(text)
        elif kind == "result":
            run.text = "1"
        else:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)
        yield run


def _body(document: DocumentObject, narrative: Narrative) -> None:
    """All blocks, with an empty line after the title (and what stands under it) and before the signature."""
    before: Level | None = None
    signature = [clean(block.text) for block in narrative.blocks if block.level is Level.SIGNATURE]
    indents = iter(_signature_indents(signature))
    for block in narrative.blocks:
        heads = (Level.TITLE, Level.SUBTITLE)
        if (before in heads and block.level not in heads) or (block.level is Level.SIGNATURE and before not in (None, Level.SIGNATURE)):
            empty = document.add_paragraph(style=_FACES[Level.PARAGRAPH].name)
            empty.paragraph_format.keep_with_next = True
        paragraph = document.add_paragraph(style=_FACES[block.level].name)
        _fill(paragraph, block)
        if block.level is Level.SIGNATURE:
            _right_indent(paragraph, next(indents))
            paragraph.paragraph_format.keep_with_next = True  # unit and date stay on one page
        before = block.level


def _fill(paragraph: Paragraph, block: Block) -> None:
    """The block's text as runs, each figure between the ends of its bookmark."""
    text = block.text
    if block.level is Level.TITLE:
        paragraph.add_run(_broken(clean(text)))
        return
    at = 0
    for begin, end, number in block.figures:
        if begin > at:
            paragraph.add_run(clean(text[at:begin]))  # piece by piece: what is dropped must not move the ends of the figures
        _bookmark(paragraph, "w:bookmarkStart", number)
        paragraph.add_run(clean(text[begin:end]))
        _bookmark(paragraph, "w:bookmarkEnd", number)
        at = end
    if at < len(text):
        paragraph.add_run(clean(text[at:]))


def _bookmark(paragraph: Paragraph, tag: str, number: int) -> None:
    element = OxmlElement(tag)
    element.set(qn("w:id"), str(number))
    if tag == "w:bookmarkStart":
        element.set(qn("w:name"), f"数据{number}")
    paragraph._p.append(element)


def _broken(title: str) -> str:
    """A title too long for one line, broken before 关于 so that no word is torn."""
    unit, about, subject = title.partition("关于")
    return f"{unit}\n{about}{subject}" if len(title) > _TITLE_LINE and unit and about else title


def _width(text: str) -> float:
    """Width in characters: what is not East Asian takes half, and a quarter is set between the two."""
    narrow = [character.isascii() for character in text]
    return sum(0.5 if one else 1.0 for one in narrow) + 0.25 * sum(one != other for one, other in pairwise(narrow))


def _signature_indents(lines: list[str]) -> list[float]:
    """Right indents in characters (GB/T 9704, 7.3.5.2): the unit 2 from the edge, the date beginning 2 to the right of the unit's first.

    Where the date is too long for that it stands 2 from the edge, and the unit moves in.
    """
    if len(lines) != 2:
        return [2.0] * len(lines)
    unit, day = (_width(line) for line in lines)
    date_indent = max(unit - day, 2.0)
    return [date_indent + day + 2 - unit, date_indent]


def _right_indent(paragraph: Paragraph, characters: float) -> None:
    indent = paragraph._p.get_or_add_pPr().get_or_add_ind()
    indent.set(qn("w:rightChars"), str(round(characters * 100)))
    indent.set(qn("w:right"), str(round(characters * (_BODY * 20 + _TIGHTER))))


def _properties(document: DocumentObject, narrative: Narrative, *, edition: str, day: date) -> None:
    said = {level: [clean(block.text) for block in narrative.blocks if block.level is level] for level in (Level.TITLE, Level.SIGNATURE)}
    properties = document.core_properties
    properties.title = "".join(said[Level.TITLE])[:255]
    properties.author = (said[Level.SIGNATURE] or [""])[0][:255]
    properties.last_modified_by = "reconcile"
    properties.comments = f"数据版本 {clean(edition)}" if edition else ""
    properties.version = clean(edition)[:255]
    properties.language = "zh-CN"
    properties.revision = 1
    properties.created = properties.modified = datetime(day.year, day.month, day.day)
    properties.last_printed = properties.created
