"""名词解释: the words of the levy as the pages use them, each with its source."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from disclosure.sources import is_checked

DECREE, ANNOUNCEMENT_98, ANNOUNCEMENT_8 = "财税〔2015〕72号", "财政部公告2019年第98号", "财政部公告2023年第8号"
LETTER = "残联厅函〔2022〕63号"


@dataclass(frozen=True, slots=True)
class Term:
    """A word, its meaning in one or two sentences, and its source."""

    key: str
    word: str
    meaning: str
    citation: str

    @property
    def is_checked(self) -> bool:
        return is_checked(self.citation)


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    title: str
    terms: tuple[Term, ...]


PAYERS = Group(
    "payers",
    _("谁缴纳"),
    (
        Term(
            "levy",
            _("残疾人就业保障金"),
            _("未按规定比例安排残疾人就业的用人单位缴纳的资金，简称残保金。"),
            DECREE + "第二条",
        ),
        Term(
            "employer",
            _("用人单位"),
            _("机关、团体、企业、事业单位和民办非企业单位。个体工商户不在其中。"),
            DECREE + "第二条",
        ),
        Term(
            "ratio",
            _("规定比例"),
            _("安排残疾人就业人数占在职职工人数的最低比例，由各省规定，不低于1.5%。"),
            DECREE + "第六条",
        ),
        Term(
            "year",
            _("费款所属年度"),
            _("职工人数、工资和安排人数所属的年度，次年申报和缴纳。"),
            DECREE + "第八条第一款",
        ),
        Term(
            "collector",
            _("征收机关"),
            _("现由税务部门征收，残联审核安排人数，财政部门负责责令缴纳和公布支出。"),
            DECREE + "第九条",
        ),
    ),
)

HEADS = Group(
    "heads",
    _("怎样计人数"),
    (
        Term(
            "staff",
            _("在职职工"),
            _("在编人员，以及依法签订1年以上（含1年）劳动合同或服务协议的人员。"),
            DECREE + "第八条第二款",
        ),
        Term(
            "seasonal",
            _("季节性用工"),
            _("按实际用工月数折算为年平均人数，计入在职职工人数。"),
            DECREE + "第八条第二款",
        ),
        Term(
            "month",
            _("人月"),
            _("一人工作一个月为1人月，12人月为1人。人数逐月计算，不能用全年总数平均到各月。"),
            LETTER + "（四）",
        ),
        Term(
            "certificate",
            _("残疾人证"),
            _("载明残疾类别和等级（1至4级）的证件，用于认定残疾人身份。"),
            DECREE + "第四条",
        ),
        Term("soldier", _("残疾军人证"), _("1至8级可以计入，9级、10级不计入。"), DECREE + "第四条"),
        Term(
            "severe",
            _("按2人计"),
            _("残疾人证1至2级、残疾军人证1至3级的，安排1名按2名计算。其他类别和等级一律按1名计算。"),
            f"{DECREE}第七条第二款；{LETTER}（一）",
        ),
        Term(
            "counted",
            _("计入的条件"),
            _("在编，或签订1年以上合同；在就业年龄内；工资不低于当地最低工资；足额缴纳社会保险费。四项同时具备。"),
            DECREE + "第七条第一款",
        ),
        Term("anywhere", _("跨地区招用"), _("招用外地户籍残疾人的，同样计入。"), DECREE + "第七条第三款"),
        Term("validity", _("证件有效期"), _("申报时证件不在有效期内的，不计入。"), LETTER + "（二）"),
        Term("duplicate", _("重复认定"), _("一名残疾人的同一个月只能计入一个单位。"), LETTER + "（三）"),
        Term(
            "dispatch",
            _("劳务派遣"),
            _("残疾职工计入派遣单位。双方签订协议的，可以连同在职职工人数一并计入用工单位，不得重复。"),
            ANNOUNCEMENT_98 + "第二条",
        ),
        Term(
            "age",
            _("就业年龄"),
            _("年满16周岁至法定退休年龄。在编人员不受此限。"),
            "全国人大常委会关于实施渐进式延迟法定退休年龄的决定",
        ),
        Term(
            "concentrated",
            _("集中使用残疾人的用人单位"),
            _("专门安置残疾人的单位，在职残疾人不低于职工总数的25%。"),
            "残疾人就业条例第十一条",
        ),
    ),
)

AMOUNT = Group(
    "amount",
    _("怎样计费"),
    (
        Term(
            "formula",
            _("应纳费额"),
            _("（在职职工人数×规定比例－安排残疾人就业人数）×在职职工年平均工资，各数均取费款所属年度。"),
            DECREE + "第八条第一款",
        ),
        Term(
            "shortfall",
            _("差额人数"),
            _("应安排人数减实际安排人数。可以不是整数，不进位、不舍去；不足零的，不用缴。"),
            DECREE + "第八条第三款",
        ),
        Term(
            "average",
            _("在职职工年平均工资"),
            _("全年工资总额除以在职职工人数。工资总额按国家统计局规定的组成计算。"),
            DECREE + "第八条第四款",
        ),
        Term(
            "social",
            _("社会平均工资"),
            _("所在地城镇私营单位和非私营单位就业人员加权平均工资。"),
            ANNOUNCEMENT_98 + "第一条",
        ),
        Term(
            "cap",
            _("计费工资上限"),
            _("年平均工资超过当地社会平均工资2倍的，按2倍计算；未超过的（含2倍），按本单位工资计算。"),
            ANNOUNCEMENT_98 + "第一条",
        ),
        Term("payable", _("应缴费额"), _("应纳费额减去依法减免的部分。"), DECREE + "第八条第一款"),
    ),
)

RELIEF = Group(
    "relief",
    _("减免和缓缴"),
    (
        Term(
            "exempt",
            _("小型企业免征"),
            _("在职职工年平均人数在30人（含）以下的企业暂免征收，仍须申报。其他类型的单位没有此项免征。"),
            ANNOUNCEMENT_98 + "第四条",
        ),
        Term(
            "half",
            _("减半"),
            _("安排比例达到1%（含）但未达到规定比例的，按应纳费额的50%缴纳。"),
            ANNOUNCEMENT_98 + "第三条",
        ),
        Term("ninety", _("九折"), _("安排比例在1%以下的，按应纳费额的90%缴纳。"), ANNOUNCEMENT_98 + "第三条"),
        Term("extended", _("减免期限"), _("分档减缴和小型企业免征延续至2027年12月31日。"), ANNOUNCEMENT_8),
        Term("refund", _("退费"), _("符合减免条件但已经缴费的，可以按规定办理退费。"), ANNOUNCEMENT_8),
        Term(
            "hardship",
            _("困难减免、缓缴"),
            _("因不可抗力或突发事件遭受重大直接经济损失的，可以申请。减免不超过1年的应缴额，缓缴不超过6个月。"),
            DECREE + "第十七条",
        ),
    ),
)

PROCEDURE = Group(
    "procedure",
    _("申报、审核和缴纳"),
    (
        Term(
            "return",
            _("年度申报"),
            _("用人单位每年申报上年安排残疾人就业人数。逾期未申报的，视为未安排残疾人就业。"),
            DECREE + "第十二条",
        ),
        Term(
            "verification",
            _("审核认定"),
            _("残联所属残疾人就业服务机构核实安排人数，由两人先后办理，出具审核认定书。"),
            DECREE + "第十二条",
        ),
        Term(
            "order",
            _("责令限期缴纳"),
            _("不缴或少缴的，由征收机关提交财政部门，财政部门予以警告，责令限期缴纳。"),
            DECREE + "第二十六条",
        ),
        Term("surcharge", _("滞纳金"), _("责令期满仍不缴纳的，自欠缴之日起按日加收5‰。"), DECREE + "第二十六条"),
        Term(
            "uses",
            _("资金用途"),
            _("职业培训和康复、就业服务、无障碍改造、创业和社会保险补贴、超比例奖励、生活补助等。"),
            DECREE + "第二十一条",
        ),
        Term(
            "publication",
            _("年度公示"),
            _("残联每年公布应安排、实际安排和未按规定安排人数；征收机关公布缴纳情况。"),
            DECREE + "第二十条",
        ),
    ),
)

GROUPS = (PAYERS, HEADS, AMOUNT, RELIEF, PROCEDURE)
