"""Readers of cells: the verdict table of promises C3 and C4, and the values that are never repaired."""

from datetime import date, datetime, time

import pytest

from accounts.identity import decrypt, look_up_key
from exchange.engine import cells
from exchange.engine.faults import CellFault
from exchange.kinds import KINDS
from law.codes import EntityType
from law.identifiers import mask_identity
from quota.kinds import readers

PERSON = "14019919800810949X"
VALID_PERSON = "11010519491231002X"
COMPANY = "91350100M000100Y43"
CERTIFICATE = f"{VALID_PERSON}42"

count = cells.whole_between(0, 10_000_000)
yuan = cells.number_between(0, 10**13, places=2)
refund = cells.number_between(-(10**13), 10**13, places=2)
staff = cells.number_between(0, 10_000_000, places=4)
name = cells.text_up_to(60)
HIDDEN = {
    "tag letter": "\U000e0041",
    "soft hyphen": "\xad",
    "bidi isolate": "\u2067",
    "word joiner": "\u2060",
    "private": "\ue863",
    "private plane": "\U000f0000",
    "unassigned": "\u0378",
    "noncharacter": "\U0002ffff",
    "line separator": "\u2028",
    "variation selector": "\ufe0f",
    "ideographic variation": "\U000e0100",
    "hangul filler": "\u3164",
    "braille blank": "\u2800",
    "combining joiner": "\u034f",
}


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        ("1234.50", "1234.50"),
        ("1,234.5", "1234.5"),
        ("12,345,678", "12345678"),
        (" 1234 ", "1234"),
        ("　1234　", "1234"),
        ("１２３４．５０", "1234.50"),
        ("１，２３４", "1234"),
        ("0", "0"),
        ("0.00", "0.00"),
        (1234.5, "1234.5"),
        (6240000.0, "6240000"),
        (0.1 + 0.2, "0.3"),
        (12652164.7, "12652164.7"),
        ("10000000000000", "10000000000000"),
    ],
)
def test_numbers_as_people_and_spreadsheets_write_them_are_read_exactly(cell: object, stored: str) -> None:
    assert yuan(cell) == stored


@pytest.mark.parametrize(
    "cell",
    [
        "NaN",
        "sNaN",
        "Infinity",
        "-inf",
        "1e3",
        "1E400",
        "1_000",
        "1,00",
        "1,2345",
        "12,34,567",
        ",123",
        "1,",
        "0,123",
        "1.234,5",
        "￥100",
        "$5",
        "100元",
        "5%",
        "+5",
        "--5",
        "- 5",
        ".5",
        "5.",
        "1 234",
        "１0²",
        "10²",
        "①",
        "½",
        "٣",
        "一百",
        "0x1F",
        "=1+1",
        "",
        "9" * 31,
        float("nan"),
        float("inf"),
        date(2025, 7, 1),
        datetime(2025, 7, 1),  # noqa: DTZ001
        "TRUE",
        None,
    ],
)
def test_what_is_no_number_is_refused(cell: object) -> None:
    with pytest.raises(CellFault):
        yuan(cell)


@pytest.mark.parametrize(
    "cell", ["-0", "-0.00", "-1", "１００００００００００００００．０１", "12.345", "0.001", 1e15, -1.0]
)
def test_numbers_out_of_bounds_or_too_precise_are_refused(cell: object) -> None:
    with pytest.raises(CellFault):
        yuan(cell)


def test_a_refund_is_negative() -> None:
    assert refund("-1,234.50") == "-1234.50"
    assert refund("－８") == "-8"


@pytest.mark.parametrize(("cell", "stored"), [("200", "200"), ("200.0", "200"), ("200.00", "200"), (200.0, "200")])
def test_whole_numbers_may_come_from_other_programs(cell: object, stored: str) -> None:
    assert count(cell) == stored


@pytest.mark.parametrize("cell", ["200.5", "1.000", "-1", "10000001", 0.5])
def test_people_are_not_counted_in_parts(cell: object) -> None:
    with pytest.raises(CellFault):
        count(cell)


def test_registered_staff_keeps_its_four_decimals() -> None:
    assert staff("802.1667") == staff(802.1667) == "802.1667"


@pytest.mark.parametrize(
    "cell",
    [
        "2025-07-01",
        "2025-7-1",
        "2025/7/1",
        "2025/07/01",
        "20250701",
        "２０２５－０７－０１",
        " 2025-07-01 ",
        20250701.0,
        date(2025, 7, 1),
        datetime(2025, 7, 1),  # noqa: DTZ001
    ],
)
def test_dates_are_read_in_every_agreed_form(cell: object) -> None:
    assert cells.day(cell) == "2025-07-01"


@pytest.mark.parametrize(
    "cell",
    [
        "2025-02-29",
        "2025-13-01",
        "2025-00-10",
        "25-07-01",
        "2025.07.01",
        "2025年7月1日",
        "01/07/2025",
        "2025-7/1",
        "2025-07-01 08:00",
        "2025070",
        "202507011",
        "1899-12-31",
        "2200-01-01",
        "9999-12-31",
        "not a date",
        "٢٠٢٥-٠٧-٠١",
        45839.0,
        datetime(2025, 7, 1, 8, 30),  # noqa: DTZ001
        time(8, 30),
    ],
)
def test_other_dates_are_refused(cell: object) -> None:
    with pytest.raises(CellFault):
        cells.day(cell)


@pytest.mark.parametrize("cell", ["2025-07", "2025-7", "2025/7", "202507", "２０２５－０７", 202507.0, "2025-07-01"])
def test_months_are_read_also_as_spreadsheets_turn_them(cell: object) -> None:
    assert cells.month(cell) == "2025-07-01"
    assert cells.month(date(2025, 7, 1)) == "2025-07-01"


@pytest.mark.parametrize(
    "cell", ["2025-13", "2025-00", "2025", "2025-07-15", "7月", "Jul-25", date(2025, 7, 15), 45839.0]
)
def test_other_months_are_refused(cell: object) -> None:
    with pytest.raises(CellFault):
        cells.month(cell)


@pytest.mark.parametrize(
    "cell",
    [
        1.40199198008109e17,
        140199198008109495.0,
        1.4019919800811e19,
        "1.40199E+17",
        "1.4019919800810900E+17",
        "140199198008109000.0",
        14019919.0,
    ],
)
@pytest.mark.parametrize(
    "read", [readers.person_keys, readers.person_and_number, readers.worker, cells.credit_code, cells.receipt_number]
)
def test_a_number_that_a_spreadsheet_spoilt_is_refused_with_its_cure(read: cells.Reader, cell: object) -> None:
    with pytest.raises(CellFault) as refused:
        read(cell)
    assert "设为文本" in refused.value.refusal.cure


@pytest.mark.parametrize(
    "cell",
    [
        VALID_PERSON[:17],
        VALID_PERSON + "1",
        VALID_PERSON[:17] + "0",
        "110105491231002",
        "11010519491331002X",
        VALID_PERSON[:9] + " " + VALID_PERSON[9:],
        VALID_PERSON[:9] + "\u200b" + VALID_PERSON[9:],
        "\u200b" + VALID_PERSON,
        "１１０１０５１９４９１２３１００２Ｘ"[:17] + "Y",
        "①" * 18,
        "٣" * 18,
        CERTIFICATE,
    ],
)
def test_wrong_identity_numbers_are_refused(cell: str) -> None:
    with pytest.raises(CellFault):
        readers.person_keys(cell)


@pytest.mark.parametrize("cell", [VALID_PERSON, VALID_PERSON.lower(), f" {VALID_PERSON} ", f"\u00a0{VALID_PERSON}"])
def test_blanks_around_and_a_small_x_do_not_make_another_person(cell: str) -> None:
    assert readers.person_keys(cell) == (look_up_key(VALID_PERSON).hex, None)


def test_a_person_is_stored_encrypted_with_birth_and_sex() -> None:
    key, _former, sealed, born, female = readers.worker(VALID_PERSON)
    assert decrypt(bytes.fromhex(sealed[2:])) == VALID_PERSON
    assert (key, born, female) == (look_up_key(VALID_PERSON).hex, "1949-12-31", "t")


def test_a_certificate_is_read_by_its_kind_and_tells_when_it_names_somebody_else() -> None:
    assert readers.certificate_and_number("残疾人证", VALID_PERSON, CERTIFICATE)[3] == "f"
    assert readers.certificate_and_number("残疾人证", PERSON, CERTIFICATE)[3] == "t"
    assert readers.certificate_and_number("残疾军人证", VALID_PERSON, "军残000017-10")[3] == "f"
    with pytest.raises(CellFault):
        readers.certificate_and_number("残疾人证", VALID_PERSON, "军残000017-10")


@pytest.mark.parametrize("cell", [f"{VALID_PERSON}82", f"{VALID_PERSON}45", f"{VALID_PERSON}4", f"{VALID_PERSON}422"])
def test_wrong_certificate_numbers_are_refused(cell: str) -> None:
    with pytest.raises(CellFault):
        readers.certificate_and_number("残疾人证", VALID_PERSON, cell)


@pytest.mark.parametrize(("kind", "highest"), [("残疾人证", 4), ("残疾军人证", 10)])
def test_the_level_fits_the_certificate(kind: str, highest: int) -> None:
    assert readers.level(kind, str(highest)) == readers.level(kind, float(highest)) == str(highest)
    for wrong in (str(highest + 1), "0", "一级", "1.5"):
        with pytest.raises(CellFault):
            readers.level(kind, wrong)


def test_a_region_code_survives_as_a_spreadsheet_number() -> None:
    assert cells.region_code("140105") == cells.region_code(140105.0) == "140105"
    for wrong in (140105.5, "14010", "990000", "1401051", 1.40105e11):
        with pytest.raises(CellFault):
            cells.region_code(wrong)


RARE = ("\U0002a6df", "\U0002ebe0", "\U0002ebf0", "\U0003134a", "\U00031350", "\U000323af")  # B to I


@pytest.mark.parametrize(
    "cell",
    ["欧阳㐂", "𠮷田·买买提", "阿不都热合曼·吾买尔", "张　三", "Ñandú", "=1+1", "@名", "a\\b", "O'Brien", *RARE],
)
def test_names_are_stored_as_they_were_sent(cell: str) -> None:
    assert name(cell) == cell


def test_letters_and_digits_of_a_name_have_one_width_and_brackets_stay() -> None:
    assert name("ＡＢＣ９ｚ（北京）有限公司") == "ABC9z（北京）有限公司"


SPOILT = ["张\u200b三", "张\n三", "张\t三", "张\ufffd", "张\x00", "\ufeff张三", "张" * 61, date(2025, 3, 5)]


@pytest.mark.parametrize("cell", [*(f"张{sign}三" for sign in HIDDEN.values()), *SPOILT])
def test_hidden_characters_and_lost_ones_are_refused(cell: object) -> None:
    with pytest.raises(CellFault):
        name(cell)


def test_codes_are_their_official_names_and_nothing_else() -> None:
    read = cells.one_of(EntityType)
    assert read(" 企业 ") == "enterprise"
    for wrong in ("公司", "enterprise", "企业单位", 1.0, "企 业"):
        with pytest.raises(CellFault) as refused:
            read(wrong)
        assert "民办非企业单位" in refused.value.refusal.cure


@pytest.mark.parametrize("cell", ["是", "2", "TRUE", "-1", "1.5"])
def test_a_flag_is_one_or_nought(cell: str) -> None:
    assert (cells.flag("1"), cells.flag("０"), cells.flag(1.0)) == ("t", "f", "t")
    with pytest.raises(CellFault):
        cells.flag(cell)


@pytest.mark.parametrize("cell", ["2014", "2101", "25", "2,025", "2025年", "20255", date(2025, 1, 1)])
def test_a_levy_year_has_four_digits(cell: object) -> None:
    read = cells.year_between(2015, 2100)
    assert read("2025") == read("２０２５") == read(2025.0) == "2025"
    with pytest.raises(CellFault):
        read(cell)


@pytest.mark.parametrize(
    ("kind", "cell"), [("规定比例", "0.0149"), ("规定比例", "1.5"), ("规定比例", "1.5%"), ("最低工资", "0")]
)
def test_regional_numbers_keep_to_the_law(kind: str, cell: str) -> None:
    assert readers.regional_number("规定比例", "0.015") == "0.015"
    assert readers.regional_number("最低工资", "1980.00") == "1980.00"
    with pytest.raises(CellFault):
        readers.regional_number(kind, cell)


def test_every_refusal_names_a_cure() -> None:
    for read, cell in (
        (yuan, "x"),
        (count, "1.5"),
        (cells.day, "x"),
        (cells.month, "x"),
        (cells.flag, "x"),
        (name, "\0"),
    ):
        with pytest.raises(CellFault) as refused:
            read(cell)
        assert refused.value.refusal.cure.startswith("请")


@pytest.mark.parametrize("cell", ["2026年3月31日", "3026-03-31"])
@pytest.mark.parametrize(
    ("heading", "may_be_without_end"),
    [
        ("入库日期", False),
        ("申报日期", False),
        ("登记日期", False),
        ("生效日期", False),
        ("失效日期", True),
        ("合同结束", True),
        ("有效期止", True),
        ("协议结束", True),
    ],
)
def test_a_bad_date_is_told_to_stay_empty_only_where_nothing_may_end(
    heading: str, may_be_without_end: bool, cell: str
) -> None:
    column = next(column for kind in KINDS.values() for column in kind.columns if column.heading == heading)
    with pytest.raises(CellFault) as refused:
        column.read(cell)
    assert ("不限期的请留空" in refused.value.refusal.cure) == may_be_without_end


def test_masking_leaves_nobody_recognisable() -> None:
    assert mask_identity(VALID_PERSON) == "110*************2X"
