"""Hostile sizes: workbooks that are small in the post and large in memory, each of another kind, up to the caps and over them."""

from __future__ import annotations

from collections.abc import Iterator

from hostile import HEADS, RETURN, Hostile, cover_rows, figure_rows, sheet, small_return, text_cell, with_parts
from parts import MAIN

from reconcile.files.raw import Workbook

_ROWS = 1_048_576


def grid(rows: int, columns: str, cell: str) -> str:
    """Rows from 10 on, in each column the same cell, `{r}` in it being the row and `{c}` the column."""
    one = "".join(cell.replace("{c}", column) for column in columns)
    return "".join(f'<row r="{row}">{one.replace("{r}", str(row))}</row>' for row in range(10, 10 + rows))


def big(rows: int, columns: str, cell: str) -> bytes:
    return small_return(sheet(figure_rows(grid(rows, columns, cell))))


def still_reads(book: Workbook) -> None:
    assert book.sheets[1].cells[2, 4] == HEADS


def many_cells() -> Iterator[Hostile]:
    number, letters = '<c r="{c}{r}"><v>{r}</v></c>', "FGHIJKLMNOPQRSTU"
    yield Hostile("a hundred thousand numbers", lambda: big(10_000, letters[:10], number), RETURN, facts=still_reads)
    yield Hostile("400 thousand numbers", lambda: big(25_000, letters, number), f"{RETURN}|too_large", slow=True, deliver=True)
    yield Hostile("a million numbers", lambda: big(62_500, letters, number), f"{RETURN}|too_large", slow=True)
    yield Hostile("two million numbers", lambda: big(125_000, letters, number), "too_large", slow=True)
    yield Hostile("five million numbers", five_million, "too_large", slow=True)
    yield Hostile("half a million texts", lambda: big(50_000, letters[:10], '<c r="{c}{r}" t="inlineStr"><is><t>{c}行{r}</t></is></c>'), f"{RETURN}|too_large", slow=True)
    yield Hostile("half a million formulas", lambda: big(50_000, letters[:10], '<c r="{c}{r}"><f>A{r}+B{r}*C{r}</f></c>'), f"{RETURN}|too_large", slow=True)
    yield Hostile("half a million errors", lambda: big(50_000, letters[:10], '<c r="{c}{r}" t="e"><v>#REF!</v></c>'), f"{RETURN}|too_large", slow=True)
    yield Hostile("half a million dates", lambda: styled(50_000, 14), f"{RETURN}|too_large", slow=True)
    yield Hostile("half a million odd cells", lambda: big(50_000, letters[:10], '<c t="n" r="{c}{r}"><v>1</v></c>'), f"{RETURN}|too_large", slow=True)
    yield Hostile("a million styled blanks", lambda: big(62_500, letters, '<c r="{c}{r}" s="1"/>'), f"{RETURN}|too_large", facts=still_reads, slow=True)
    yield Hostile("a million styled blanks written oddly", lambda: big(62_500, letters, '<c s="1" r="{c}{r}"></c>'), f"{RETURN}|too_large", facts=still_reads, slow=True)
    yield Hostile("a column down to the last row", lambda: big(_ROWS - 10, "F", '<c r="F{r}"><v>1</v></c>'), f"{RETURN}|too_large", slow=True)
    yield Hostile("a row of 16384 cells", lambda: small_return(sheet(figure_rows(f'<row r="5">{"<c><v>1</v></c>" * 16_384}</row>'))), RETURN, facts=still_reads)
    yield Hostile("a million cells in one row", lambda: small_return(sheet(figure_rows(f'<row r="5">{"<c><v>1</v></c>" * 1_000_000}</row>'))), f"{RETURN}|too_large", slow=True)
    yield Hostile("sixty megabytes of blanks", lambda: small_return(sheet(figure_rows("\n" * (60 << 20)))), f"{RETURN}|too_large", facts=still_reads, slow=True)
    yield Hostile("sixty megabytes of half a tag", lambda: small_return(sheet(figure_rows("<c " + "r" * (60 << 20)))), "damaged|too_large", slow=True)
    yield Hostile("sixty megabytes of open tags", lambda: small_return(sheet(figure_rows('<c r="' * (10 << 20)))), "damaged|too_large", slow=True)


def five_million() -> bytes:
    """Over two sheets, for one part may not hold as many."""
    half = sheet(grid(150_000, "FGHIJKLMNOPQRSTU", '<c r="{c}{r}"><v>1</v></c>'))
    return small_return(more={"二": half, "三": half})


def styled(rows: int, number: int) -> bytes:
    figures = sheet(figure_rows(grid(rows, "FGHIJKLMNO", '<c r="{c}{r}" s="1"><v>45107</v></c>')))
    return small_return(figures, styles=f'<cellXfs><xf numFmtId="0"/><xf numFmtId="{number}"/></cellXfs>')


def many_strings() -> Iterator[Hostile]:
    def shared(items: str) -> bytes:
        return with_parts({"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{items}</sst>'})

    yield Hostile("half a million shared strings", lambda: shared("".join(f"<si><t>{n}号</t></si>" for n in range(500_000))), f"{RETURN}|too_large", facts=still_reads, slow=True)
    yield Hostile("two million shared strings", lambda: shared("".join(f"<si><t>{n}</t></si>" for n in range(2_000_000))), f"{RETURN}|too_large", slow=True)
    yield Hostile("half a million rich strings", lambda: shared("".join(f"<si><r><t>{n}</t></r><r><t>号</t></r></si>" for n in range(500_000))), f"{RETURN}|too_large", slow=True)
    yield Hostile("half a million odd strings", lambda: shared("".join(f"<si ><t>{n}号</t></si>" for n in range(500_000))), f"{RETURN}|too_large", slow=True)
    yield Hostile("three million empty strings", lambda: shared("<si/>" * 3_000_000), f"{RETURN}|too_large", slow=True)
    yield Hostile("sixty strings of a megabyte", lambda: shared(f"<si><t>{'一' * 340_000}</t></si>" * 60), f"{RETURN}|too_large", slow=True)
    yield Hostile("10000 cells with one long string", one_long_string, RETURN)


def one_long_string() -> bytes:
    items = f'<sst xmlns="{MAIN}"><si><t>{"长" * 30_000}</t></si></sst>'
    pointed = sheet(figure_rows(grid(2_000, "FGHIJ", '<c r="{c}{r}" t="s"><v>0</v></c>')))
    return with_parts({"xl/sharedStrings.xml": items, "xl/worksheets/sheet2.xml": pointed})


def many_settings() -> Iterator[Hostile]:
    def after(markup: str) -> bytes:
        return small_return(sheet(figure_rows(), after=markup))

    def merged(count: int) -> bytes:
        return after("<mergeCells>" + "".join(f'<mergeCell ref="H{row}:I{row}"/>' for row in range(10, count + 10)) + "</mergeCells>")

    def rows(row: str, last: int = _ROWS) -> bytes:
        return small_return(sheet(figure_rows("".join(row.replace("{r}", str(number)) for number in range(10, last)))))

    yield Hostile("100000 merged ranges", lambda: merged(100_000), RETURN, facts=still_reads)
    over = '<mergeCell ref="A1:XFD1048576"/>'
    yield Hostile("90000 ranges over everything", lambda: after(f"<mergeCells>{over * 90_000}</mergeCells>"), RETURN, slow=True)
    yield Hostile("a million merged ranges", lambda: merged(1_000_000), "too_large", slow=True)
    column = '<col min="1" max="16384" hidden="1"/>'
    yield Hostile("20000 times every column hidden", lambda: small_return(sheet(figure_rows(), before=f"<cols>{column * 20_000}</cols>")), RETURN, slow=True)
    yield Hostile("a million hidden rows", lambda: rows('<row r="{r}" hidden="1"/>'), RETURN, facts=still_reads, slow=True)
    yield Hostile("600000 hidden rows written oddly", lambda: rows('<row hidden="1" r="{r}"><!-- --></row>', 600_000), RETURN, facts=still_reads, slow=True)
    link = '<hyperlink ref="F1" location="A1"/>'
    yield Hostile("100000 links", lambda: after(f"<hyperlinks>{link * 100_000}</hyperlinks>"), RETURN, facts=still_reads)
    yield Hostile("300000 relations", lambda: with_parts({"xl/_rels/workbook.xml.rels": with_relations(300_000)}), f"{RETURN}|too_large", slow=True)


def with_relations(count: int) -> str:
    from hostile import small_parts

    extra = "".join(f'<Relationship Id="x{n}" Type="t/image" Target="media/{n}.png"/>' for n in range(count))
    return str(small_parts()["xl/_rels/workbook.xml.rels"]).replace("</Relationships>", f"{extra}</Relationships>")


def large_forms() -> Iterator[Hostile]:
    """Forms whose every row is a return's row: what is read must be told, and kept, and written, in bounds."""
    heading = "".join(text_cell(f"{column}1", word) for column, word in zip("ABCDEFG", ("姓名", "身份证号", "性别", "单位", "帮扶类型", "帮扶金额", "帮扶日期"), strict=True))

    def roster(rows: int, line: str) -> bytes:
        lines = "".join(f'<row r="{row}">{line.replace("{r}", str(row))}</row>' for row in range(2, rows + 2))
        return small_return(more={"帮扶职工名册": sheet(f'<row r="1">{heading}</row>{lines}')})

    good = text_cell("A{r}", "王某{r}") + text_cell("B{r}", "11010519491231002X") + text_cell("E{r}", "医疗") + '<c r="F{r}"><v>{r}</v></c>'
    bad = text_cell("A{r}", "{r}") + text_cell("B{r}", "{r}") + text_cell("F{r}", "若干{r}") + text_cell("G{r}", "上周五")
    yield Hostile("9000 lines of a list", lambda: roster(9_000, good), RETURN, slow=True, deliver=True)
    yield Hostile("100000 lines of a list", lambda: roster(100_000, good), "too_large", slow=True)
    yield Hostile("9000 wrong lines of a list", lambda: roster(9_000, bad), RETURN, slow=True, deliver=True)

    def coded(rows: int, code: str, name: str) -> bytes:
        line = f'{text_cell("A{r}", code)}{text_cell("B{r}", name)}<c r="D{{r}}"><v>{{r}}</v></c>'
        return small_return(sheet(figure_rows("".join(f'<row r="{row}">{line}</row>'.replace("{r}", str(row)) for row in range(4, rows + 4)))))

    yield Hostile("100000 rows of unknown codes", lambda: coded(100_000, "Z{r}", "自编{r}"), f"{RETURN}|too_large", slow=True, deliver=True)
    yield Hostile("50000 rows of one code", lambda: coded(50_000, "A008", "职工人数"), f"{RETURN}|too_large", slow=True, deliver=True)
    yield Hostile("a cover of 100000 labels", many_labels, f"{RETURN}|too_large", slow=True)
    yield Hostile("headings everywhere", many_headings, RETURN, slow=True)


def many_labels() -> bytes:
    return small_return(cover=sheet(cover_rows() + "".join(f'<row r="{row}">{text_cell(f"A{row}", "单位名称")}</row>' for row in range(10, 100_010))))


def many_headings() -> bytes:
    rows = "".join(f'<row r="{row}">{text_cell(f"A{row}", "代码")}{text_cell(f"D{row}", "本期数")}</row>' for row in range(5, 40))
    cells = '<c t="inlineStr"><is><t>代码</t></is></c>' * 2_000
    wide = "".join(f'<row r="{row}">{cells}</row>' for row in range(41, 81))
    return small_return(sheet(figure_rows(rows + wide)))


def sizes() -> list[Hostile]:
    """All of this file."""
    return [*many_cells(), *many_strings(), *many_settings(), *large_forms()]
