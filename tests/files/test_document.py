"""The Word file: layout of GB/T 9704, bookmarks of figures, the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import docx as python_docx
import pytest
from docx.oxml.ns import qn

from reconcile.files.document import docx
from reconcile.model.narrative import Block, Level, Narrative

NARRATIVE = Narrative(
    blocks=(
        Block(Level.TITLE, "石桥镇总工会关于2023年上半年工会工作情况的报告"),
        Block(Level.SUBTITLE, "（初稿）"),
        Block(Level.ADDRESSEE, "清河县总工会："),
        Block(Level.HEADING, "一、组织建设"),
        Block(Level.SUBHEADING, "（一）工会组建"),
        Block(Level.PARAGRAPH, "新建工会9个，会员410人。", ((4, 6, 1), (9, 13, 2))),
        Block(Level.SIGNATURE, "石桥镇总工会"),
        Block(Level.SIGNATURE, "2023年6月30日"),
    ),
    figures=(),
    left_out=(),
)


def opened(data: bytes):  # type: ignore[no-untyped-def] # python-docx keeps its document class private
    return python_docx.Document(io.BytesIO(data))


def test_page_is_that_of_an_official_document() -> None:
    section = opened(docx(NARRATIVE, edition="ab12")).sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    margins = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(margin.mm) for margin in margins] == [37, 35, 28, 26]
    body = opened(docx(NARRATIVE, edition="ab12")).styles["公文正文"]
    assert 22 * body.paragraph_format.line_spacing.pt <= 225 / 25.4 * 72 < 22.1 * body.paragraph_format.line_spacing.pt
    character = 16 + int(body.element.rPr.find(qn("w:spacing")).get(qn("w:val"))) / 20
    assert 28 * character <= 156 / 25.4 * 72 < 28.1 * character


@pytest.mark.parametrize(
    ("style", "font", "size"),
    [("公文标题", "方正小标宋简体", 22), ("一级标题", "黑体", 16), ("二级标题", "楷体_GB2312", 16), ("公文正文", "仿宋_GB2312", 16)],
)
def test_fonts_are_named_for_every_script(style: str, font: str, size: int) -> None:
    found = opened(docx(NARRATIVE, edition="ab12")).styles[style]
    fonts = found.element.rPr.find(qn("w:rFonts"))
    assert [fonts.get(qn(f"w:{script}")) for script in ("ascii", "hAnsi", "eastAsia")] == ["Times New Roman", "Times New Roman", font]
    assert found.font.size.pt == size


def test_text_stands_in_order_with_an_empty_line_after_the_title_and_before_the_signature() -> None:
    paragraphs = [(one.style.name, one.text) for one in opened(docx(NARRATIVE, edition="ab12")).paragraphs]
    assert paragraphs == [
        ("公文标题", "石桥镇总工会\n关于2023年上半年工会工作情况的报告"),
        ("公文副题", "（初稿）"),
        ("公文正文", ""),
        ("主送机关", "清河县总工会："),
        ("一级标题", "一、组织建设"),
        ("二级标题", "（一）工会组建"),
        ("公文正文", "新建工会9个，会员410人。"),
        ("公文正文", ""),
        ("落款", "石桥镇总工会"),
        ("落款", "2023年6月30日"),
    ]


def test_every_figure_has_a_bookmark_around_it() -> None:
    paragraph = opened(docx(NARRATIVE, edition="ab12")).paragraphs[6]._p
    inside: dict[str, str] = {}
    names: list[str] = []
    for element in paragraph:
        if element.tag == qn("w:bookmarkStart"):
            names.append(element.get(qn("w:name")))
        elif element.tag == qn("w:bookmarkEnd"):
            names.append("")
        elif element.tag == qn("w:r") and names and names[-1]:
            inside[names[-1]] = element.text
    assert inside == {"数据1": "9个", "数据2": "410人"}


def test_page_numbers_stand_outside_and_the_edition_is_told() -> None:
    document = opened(docx(NARRATIVE, edition="ab12"))
    assert document.settings.odd_and_even_pages_header_footer
    odd, even = (footer.paragraphs[0].text for footer in (document.sections[0].footer, document.sections[0].even_page_footer))
    assert (odd, even) == ("数据版本 ab12\t— 1 —", "— 1 —\t数据版本 ab12")
    properties = document.core_properties
    assert (properties.title, properties.author) == ("石桥镇总工会关于2023年上半年工会工作情况的报告", "石桥镇总工会")
    assert (properties.version, properties.comments) == ("ab12", "数据版本 ab12")


def test_date_begins_two_characters_right_of_the_unit() -> None:
    unit, day = (one for one in opened(docx(NARRATIVE, edition="ab12")).paragraphs if one.style.name == "落款")
    right = [int(one._p.pPr.find(qn("w:ind")).get(qn("w:rightChars"))) for one in (unit, day)]
    assert right == [575, 200]  # the date is 7.75 characters wide: 2 + 7.75 = 9.75 from the edge, the unit 5.75 + 6 = 11.75


def test_same_narrative_gives_same_bytes() -> None:
    first = docx(NARRATIVE, edition="ab12", day=date(2023, 6, 30))
    assert first == docx(NARRATIVE, edition="ab12", day=date(2023, 6, 30))
    assert first != docx(NARRATIVE, edition="cd34", day=date(2023, 6, 30))
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_characters_that_xml_does_not_know_do_no_harm() -> None:
    data = docx(Narrative((Block(Level.PARAGRAPH, "经费\x0b紧张\ud800<b>&"),), (), ()), edition="")
    assert opened(data).paragraphs[0].text == "经费\n紧张\ufffd<b>&"
