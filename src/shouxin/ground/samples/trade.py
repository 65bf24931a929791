"""What a company sells and writes down, one `Trade` a kind of company. Sentences with `{…}` take numbers and names.

Which placeholders a note takes is what makes it interesting: numbers, other people, members of the household.
"""

# ruff: noqa: SIM905 - lists of short words read better as one line of text

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

Priced = tuple[tuple[str, int], ...]
"""Items with their unit price in fen."""
Words = tuple[str, ...]


@dataclass(frozen=True)
class Trade:
    """The words of one trade. `labels`: which share of the customers is a child, a foreigner, a trader, a contact."""

    services: Priced
    office_services: Priced
    child_services: Priced
    payments: Words
    requirements: Words
    office_requirements: Words
    child_requirements: Words
    preferences: Words
    frequencies: Words
    households: Words
    healths: Words
    titles: Words
    tags: Words
    visit_channels: Words
    organisation_first: Words
    organisation_trade: Words
    organisation_end: Words
    stalls: Words
    plain_notes: Words
    number_notes: Words
    others_notes: Words
    member_notes: Words
    english_notes: Words
    complaints: Words
    goods: tuple[tuple[str, str, str, int], ...]
    """Goods sold with the business: thing, make, holds customers' information, how many of it."""
    labels: Mapping[str, tuple[float, int]] = field(
        default_factory=lambda: {
            "child": (0.015, 2),
            "teen": (0.01, 1),
            "foreign": (0.02, 2),
            "trader": (0.03, 2),
            "contact": (0.06, 3),
        }
    )
    """Label → share of the customers, at least so many."""


HOUSEKEEPING = Trade(
    services=(  # item, unit price in fen
        ("日常保洁", 16_000),
        ("深度保洁", 48_000),
        ("擦玻璃", 22_000),
        ("家电清洗", 18_000),
        ("月嫂", 980_000),
        ("育儿嫂", 620_000),
        ("老人陪护", 560_000),
        ("做饭钟点工", 9_000),
        ("收纳整理", 66_000),
        ("搬家保洁", 72_000),
        ("接送孩子", 7_500),
    ),
    office_services=(("办公室保洁", 120_000), ("地毯清洗", 86_000), ("开荒保洁", 320_000)),
    child_services=(("接送孩子", 7_500), ("育儿嫂", 620_000), ("课后陪伴", 8_800)),
    payments=("微信", "支付宝", "现金", "银行转账", "储值卡"),
    requirements=(
        "每周固定打扫,厨房为主",
        "两卫一厨,地面要手擦",
        "需要会做本帮菜的阿姨",
        "带过双胞胎的育儿嫂优先",
        "陪老人散步、量血压、记录用药",
        "只要周末上午",
        "玻璃多,要带加长杆",
        "需自带吸尘器",
    ),
    office_requirements=("下班后进场,九点前离开", "前台与会议室每日,其余隔日", "要开增值税普通发票"),
    child_requirements=("放学后接到家,看着写作业", "午睡后喂水果,不看电视"),
    preferences=(
        "不用带香味的清洁剂",
        "阿姨固定,不要换人",
        "提前一天电话确认",
        "会说普通话",
        "女性服务人员",
        "不进书房",
        "",
    ),
    frequencies=("每周两次", "每周一次", "每两周一次", "每月一次", "临时预约"),
    households=("三口之家", "两位老人同住", "一人独居", "夫妻二人,养一只猫", "三代同堂", "合租,公共区域另算", ""),
    healths=("高血压,按时服药", "腰椎术后,不能弯腰", "孕期", "糖尿病,饮食少糖", "对尘螨过敏", "轮椅出行"),
    titles=("行政主管", "后勤", "办公室主任", "店长", "采购", "经理助理"),
    tags=("老客户", "价格敏感", "爱干净", "怕吵", "有宠物", "可转介绍", "周末"),
    visit_channels=("电话", "微信", "上门", "小程序", "转介绍"),
    organisation_first=tuple("澜汐 霁川 栖木 芷源 棠屿 筱墨 岫云 蓼汀 榆关外 砚山".split()),
    organisation_trade=tuple("设计 软件 食品 图文 健身 口腔门诊 律所后勤 教育咨询 物业 广告".split()),
    organisation_end=tuple("有限公司 有限责任公司 工作室 服务中心".split()),
    stalls=tuple("面馆 便利店 理发店 花店 水果铺 裁缝铺 修车铺 早点铺".split()),
    plain_notes=(
        "油烟机重点清洗,较上次好。",
        "客户出差,改到下周同一时间。",
        "高处玻璃够不到,已说明。",
        "小区东门进,门岗要登记。",
        "阳台杂物多,约好下次收纳。",
        "猫怕吸尘器,先关门。",
        "",
    ),
    number_notes=(
        "加做冰箱除霜,另收{amount}元,单号{order_no}。",
        "订单{order_no}改期一次,未收费。",
        "退款{amount}元已转,对应{order_no}。",
        "门锁密码{door}#,做完发消息。",
        "地下车库进,门禁{door},电梯到{floor}楼。",
    ),
    others_notes=(
        "到了先打她妹妹{other}的电话{phone},本人不接。",
        "物业{other} {phone} 保管备用钥匙,先登记。",
        "楼下邻居{other}投诉滴水,电话{phone},已赔{amount}元。",
        "快递代收{other},手机{phone},门锁密码{door}。",
    ),
    member_notes=(
        "{member}在家,书房不要进。",
        "{member}对香味过敏,换了无味清洁剂。",
        "{member}午睡到三点,先做厨房。",
        "找{member}结账,{amount}元。",
    ),
    english_notes=(
        "Keys with the concierge {other}, call {phone} before you go up.",
        "Allergic to lavender. Door code {door}. Paid {amount} yuan for order {order_no}.",
    ),
    complaints=("迟到四十分钟", "碰坏一只花瓶,已赔", "厨房地面有水渍", "换人没有提前说"),
    goods=(
        ("电脑", "联想 启天 M430", "有", 2),
        ("笔记本电脑", "华为 MateBook D14", "有", 1),
        ("手机", "红米 Note 12", "有", 2),
        ("座机", "步步高 HCD113", "有", 1),
        ("SIM卡", "中国移动 流量卡", "有", 2),
        ("店铺号码", "固定电话一线", "有", 1),
        ("微信账号", "店铺企业微信", "有", 1),
        ("小程序账号", "预约小程序", "有", 1),
        ("文件柜", "四门铁皮柜", "有", 2),
        ("U盘", "闪迪 32GB", "有", 2),
        ("打印机", "惠普 M126", "有", 1),
        ("监控主机", "海康威视 DS-7104", "有", 1),
        ("吸尘器", "小狗 D-530", "无", 4),
        ("洗地机", "添可 FLOOR ONE", "无", 2),
        ("电动三轮车", "宗申 Q1", "无", 1),
        ("货架", "五层钢制", "无", 3),
    ),
)

INSTRUMENTS = replace(
    HOUSEKEEPING,
    services=(
        ("万用表", 32_000),
        ("测温枪", 18_000),
        ("电子天平", 260_000),
        ("仪器校准", 45_000),
        ("探头更换", 68_000),
    ),
    office_services=(
        ("三坐标测量机", 68_000_000),
        ("压力变送器", 420_000),
        ("数控电源", 980_000),
        ("年度校准合同", 1_600_000),
        ("现场调试", 350_000),
        ("备件包", 720_000),
    ),
    child_services=(("学生显微镜", 42_000), ("实验套件", 26_000)),
    payments=("银行转账", "承兑汇票", "微信", "支付宝"),
    requirements=("家用测量,要带说明书", "二手也可以,要有校准证书", "急用,当天自提"),
    office_requirements=("要出具校准证书", "送货到车间,叉车自备", "质保两年,故障四小时内响应", "发票开增值税专用发票"),
    child_requirements=("课外实验用,要安全电压",),
    preferences=("只要国产", "要原厂件", "先发样机", "不用上门,远程指导", ""),
    frequencies=("每年一次", "每半年一次", "每季度一次", "按需"),
    households=("家里有工作台", "车库作坊", ""),
    healths=("佩戴起搏器,不进强磁区", "色觉异常,请用声音提示"),
    titles=("设备科长", "采购经理", "质检主管", "车间主任", "实验室主任", "工程师"),
    tags=("老客户", "要发票", "付款慢", "技术强", "可转介绍", "招投标"),
    visit_channels=("电话", "微信", "现场", "展会", "转介绍"),
    organisation_trade=tuple("机械 电子 阀门 轴承 医疗器械 检测 精密 泵业 自动化 模具".split()),
    stalls=tuple("五金店 修理铺 电料行 加工坊".split()),
    plain_notes=("已校准,证书随货。", "探头磨损,报价后再换。", "车间停电,改期。", "客户要看样机,下周带去。", ""),
    number_notes=(
        "加配备件,另收{amount}元,单号{order_no}。",
        "订单{order_no}延期交货一周。",
        "仓库门禁{door},到{floor}号库取件。",
        "退货{amount}元已转,对应{order_no}。",
    ),
    others_notes=(
        "现场找{other},电话{phone},采购不在。",
        "同楼{other}也要一台,电话{phone}。",
        "财务{other} {phone} 负责开票。",
    ),
    member_notes=("{member}懂操作,直接教他。", "{member}签收,{amount}元到付。"),
    english_notes=("Ask for {other} at the gate, call {phone}. Unit paid {amount} yuan, order {order_no}.",),
    complaints=("交货迟了三天", "少一根电源线", "证书编号写错", "换人没有提前说"),
    goods=(
        ("电脑", "戴尔 OptiPlex 7010", "有", 2),
        ("笔记本电脑", "联想 ThinkPad E14", "有", 2),
        ("手机", "荣耀 X40", "有", 1),
        ("SIM卡", "中国电信 流量卡", "有", 1),
        ("座机", "中诺 W520", "有", 1),
        ("微信账号", "售后企业微信", "有", 1),
        ("文件柜", "两门铁皮柜", "有", 2),
        ("U盘", "金士顿 64GB", "有", 2),
        ("打印机", "兄弟 HL-1208", "有", 1),
        ("校准台", "恒温校准台", "无", 2),
        ("叉车", "杭叉 A30", "无", 1),
        ("货架", "重型货架", "无", 4),
    ),
    labels={"child": (0.0, 0), "teen": (0.0, 0), "foreign": (0.02, 2), "trader": (0.12, 3), "contact": (0.62, 8)},
)

GRAPHICS = replace(
    HOUSEKEEPING,
    services=(("名片", 6_000), ("海报", 12_000), ("画册", 86_000), ("照片冲印", 4_500), ("请柬", 9_800)),
    office_services=(("宣传册设计", 680_000), ("展板制作", 240_000), ("标书装订", 36_000), ("图纸打印", 52_000)),
    child_services=(("毕业纪念册", 16_800), ("手抄报打印", 1_200)),
    requirements=("封面要烫金", "照片调亮一点", "先看小样再印", "周五前取"),
    office_requirements=("标书密封装订,正副本各三", "按公司色卡", "要开增值税普通发票"),
    child_requirements=("纪念册每页要写名字",),
    preferences=("哑光纸", "不要模板", "电子稿不外传", "微信传稿", ""),
    frequencies=("每月一次", "每季度一次", "按需", "每年一次"),
    households=("婚礼用", "孩子周岁", ""),
    healths=("色弱,请电话核对颜色",),
    titles=("市场主管", "行政", "投标专员", "设计师", "店长", "编辑"),
    tags=("老客户", "要得急", "爱改稿", "可转介绍", "投标"),
    stalls=tuple("影楼 花店 喜铺 书店 文具店".split()),
    plain_notes=("改稿三次,定稿。", "纸张缺货,换同克重。", "客户自取。", "颜色偏红,重出小样。", ""),
    number_notes=("加印两百份,另收{amount}元,单号{order_no}。", "订单{order_no}重印,不另收费。"),
    others_notes=("稿件找{other}要,电话{phone}。", "{other}代取,手机{phone}。"),
    member_notes=("{member}来看样,说可以。", "{member}的照片单独冲印。"),
    english_notes=("Proof to {other}, call {phone}. Paid {amount} yuan for order {order_no}.",),
    complaints=("裁切偏了两毫米", "晚了一天", "错别字一处,已重印"),
)
