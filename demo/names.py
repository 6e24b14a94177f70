"""Words for units and people that do not exist.

A unit's name has an invented style of three rare characters, so that no living company reads its own name on a page
that says it owes money. Authorities carry one too: the demo says nothing about a real bureau.
"""

from law.codes import EntityType

_FIRST = "岚澄砚柏屿槿霖煦珩沅翎葭菘棠梓栎"
_SECOND = "禾溪朔砺晔漪衡筠墨屏霁楠昀湛蘅岑"
_THIRD = "里舟川野坊汀岭亭桥畔渡垣台林阁源"
STYLES = [first + second + third for first in _FIRST for second in _SECOND for third in _THIRD]

TRADES = (
    "电子科技", "机械制造", "物业服务", "餐饮管理", "商贸", "煤化工", "纺织", "医药", "建筑工程", "软件", "物流",
    "农业开发", "食品", "陶瓷", "印刷", "新能源", "家政服务", "旅游开发", "人力资源", "节能环保", "汽车维修", "铸造",
    "玻璃制品", "广告传媒", "仓储", "酿造", "装饰设计", "安防技术", "园林绿化", "水务",
)  # fmt: skip

SUFFIXES: dict[str, tuple[str, ...]] = {
    EntityType.ENTERPRISE: ("有限公司", "有限公司", "有限公司", "有限责任公司", "有限责任公司", "股份有限公司"),
    EntityType.SOLE_TRADER: ("便利店", "面馆", "五金经营部", "服装店", "理发店", "修理部", "文具店", "果蔬店"),
    EntityType.ORGAN: ("街道办事处", "事务管理局", "公共服务局", "镇人民政府", "资源管理局", "综合监督局"),
    EntityType.INSTITUTION: (
        "初级中学", "小学", "幼儿园", "中心卫生院", "图书馆", "文化馆", "农业技术站", "公共服务中心", "研究所",
    ),
    EntityType.ASSOCIATION: ("商会", "行业协会", "志愿者联合会", "学会", "体育协会", "联谊会"),
    EntityType.PRIVATE_NON_ENTERPRISE: ("养老院", "康复中心", "职业培训学校", "社会工作服务中心", "幼儿园", "博物馆"),
}  # fmt: skip
SCHOOLS = frozenset({"初级中学", "小学", "幼儿园"})

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
)
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文斌志鹏宁波婷雪梅琳浩宇欣怡晨阳凯峰健倩云飞龙松青"

POSTS = ("文员", "客服", "保洁", "仓管", "质检", "包装", "会计", "按摩师", "数据标注", "门卫", "园艺", "维修")
