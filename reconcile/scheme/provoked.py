"""Provoked: the smallest thing in a file that brings each named check about, in words for the rule book.

A named check is something the program looks for, the same in every scheme; what is said then is the scheme's (rules.csv).
"""

from __future__ import annotations

from collections.abc import Mapping

PROVOKED_BY: Mapping[str, str] = {
    # about whole files
    "unreadable_file": "把一个文本文件改名为“某村.xlsx”放进收表文件夹。",
    "foreign_file": "收表文件夹里放一份通讯录工作簿，没有本制度的任何指标。",
    "unknown_unit": "封面单位代码填“999999”，名录里没有这个代码。",
    "proposed_unit": "封面单位代码空着，单位名称与名录中的完全一致。",
    "name_differs": "封面代码是甲村的，名称填的是乙村。",
    "other_unit": "乙村借甲村的表填报，名称改成了乙村，代码还是甲村的；甲村自己的报表也在。",
    "wrong_period": "收2023年上半年的表，封面报告期是2022年上半年。",
    "empty_return": "下发的空白表没有填写，原样发回。",
    "template_changed": "删去表样中的一行指标再报。",
    "unknown_code": "自己加一行，指标代码填“Z999”。",
    "scope_undeclared": "有下级单位的乡镇，封面填报口径空着。",
    "superseded": "同一单位两份报表，填报日期一份7月3日、一份7月5日。",
    "version_tie": "同一单位两份内容不同的报表，填报日期都是7月3日。",
    "duplicate_file": "同一个文件复制一份，改个名字一起报。",
    "missing_unit": "名录里有某村，收表文件夹里没有它的报表。",
    "late": "截止日期是7月10日，封面填报日期是7月11日。",
    "hidden": "隐藏报表中的一行。",
    "summary_scope": "乡镇报表口径填“汇总”，下级的报表一份也没有。",
    "cover_date": "封面填报日期填“上周五”。",
    "other_scheme": "乡镇的汇总表是用上一版报表制度做的。",
    "relabelled": "把某行的指标名称改掉，代码没有改。",
    "active_content": "报表另存为启用宏的格式，或单元格里写公式引用另一个文件。",
    "not_owed": "名录中撤销日期是2022年12月31日的单位，报来2023年上半年的表。",
    # about single cells
    "fullwidth": "在数字格填“３５”（全角）。",
    "text_number": "把单元格设为文本格式再填35。",
    "measure_said": "在人数格填“35人”。",
    "converted": "在以万元计的格填“21000元”。",
    "approximate": "填“约30”。",
    "magnitude": "在元的格填“2.1万”。",
    "chinese_numeral": "填“贰拾”。",
    "unreadable_cell": "在数字格填“见附件”。",
    "error_value": "单元格显示“#REF!”。",
    "uncomputed": "用程序写入公式“=D4+D5”而没有算出结果。",
    "date_in_number": "填“3-5”，被自动变成3月5日。",
    "negative": "人数填-5。",
    "fraction": "人数填12.5。",
    "required_blank": "必填的职工人数空着。",
    "flag_value": "只能填“是”或“否”的格填“有”。",
    "measure_unknown": "计量单位列改成“打”。",
    # about lists
    "credit_code": "统一社会信用代码少写一位。",
    "citizen_number": "身份证号最后一位写错，校验不符。",
    "list_cell": "帮扶金额列填“若干”。",
    # judged
    "implied": "会员人数、期初、减少都填了，新增会员空着。",
    "difference": "乡镇自报会员人数1000人，各下级相加是990人。",
    "adjustment": "“核定”表里只写了核定数，没有写依据和核定人。",
    # across periods
    "cumulative_falls": "一季度报新增会员40人，上半年只报25人。",
    "whole_year": "上半年报表的多项累计数，与上年全年报表的一样。",
    "jump": "会员人数上年同期115人，本期填1150人。",
    "jump_weak": "帮扶困难职工上年同期20人，本期70人，同类单位没有这样的变化。",
    "jump_many": "多项指标一起变成以往的十倍，像是填了别的单位的数。",
    "sudden_zero": "会员人数上年同期115人，本期填0。",
    "sudden_zero_weak": "帮扶困难职工上年同期20人，本期填0。",
    "copied": "本期多项较大的数字与上年同期一个不差。",
    "unit_slip": "帮扶资金上年同期2.1万元，本期填21000万元。",
    "column_slip": "整张表以万元计的金额都按元填写。",
    "outlier": "人均帮扶资金是同类单位的上百倍。",
    "outlier_weak": "人均帮扶资金比同类单位高出许多。",
    # across units
    "alike": "乙村把甲村的报表改了单位名称就报。",
    "listed_and_reported": "某企业自己报了表，所在的村又把它列进新建工会企业名册。",
    "enterprise_twice": "同一家企业（代码相同）列进两个村的名册。",
    "enterprise_near": "两个村的名册里有“永和食品厂”和“永和食品有限公司”，代码都空着。",
    "aided_twice": "帮扶职工名册里同一个身份证号填了两行。",
    "aided_elsewhere": "两个单位的帮扶职工名册里有同一个身份证号。",
    "code_two_names": "同一个统一社会信用代码，一处写甲厂、一处写乙厂。",
    "name_two_codes": "同一家企业在两处的统一社会信用代码不同。",
    "repeated_line": "名册里同一家企业填了两行。",
    "alike_text": "两个单位的工作情况文字一字不差。",
    # reasons
    "reason_empty": "对核实的问题，说明栏只写“核实无误”。",
    "reason_lapsed": "说明写好以后，又改了那个数。",
}
