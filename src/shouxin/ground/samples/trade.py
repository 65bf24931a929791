"""What a housekeeping company sells and writes down. Sentences with `{…}` take numbers and names."""

# ruff: noqa: SIM905 - lists of short words read better as one line of text

SERVICES = (  # item, unit price in fen
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
)
OFFICE_SERVICES = (("办公室保洁", 120_000), ("地毯清洗", 86_000), ("开荒保洁", 320_000))
CHILD_SERVICES = (("接送孩子", 7_500), ("育儿嫂", 620_000), ("课后陪伴", 8_800))
PAYMENTS = ("微信", "支付宝", "现金", "银行转账", "储值卡")

REQUIREMENTS = (
    "每周固定打扫,厨房为主",
    "两卫一厨,地面要手擦",
    "需要会做本帮菜的阿姨",
    "带过双胞胎的育儿嫂优先",
    "陪老人散步、量血压、记录用药",
    "只要周末上午",
    "玻璃多,要带加长杆",
    "需自带吸尘器",
)
OFFICE_REQUIREMENTS = ("下班后进场,九点前离开", "前台与会议室每日,其余隔日", "要开增值税普通发票")
CHILD_REQUIREMENTS = ("放学后接到家,看着写作业", "午睡后喂水果,不看电视")
PREFERENCES = (
    "不用带香味的清洁剂",
    "阿姨固定,不要换人",
    "提前一天电话确认",
    "会说普通话",
    "女性服务人员",
    "不进书房",
    "",
)
FREQUENCIES = ("每周两次", "每周一次", "每两周一次", "每月一次", "临时预约")
HOUSEHOLDS = ("三口之家", "两位老人同住", "一人独居", "夫妻二人,养一只猫", "三代同堂", "合租,公共区域另算", "")
HEALTHS = ("高血压,按时服药", "腰椎术后,不能弯腰", "孕期", "糖尿病,饮食少糖", "对尘螨过敏", "轮椅出行")
TITLES = ("行政主管", "后勤", "办公室主任", "店长", "采购", "经理助理")
TAGS = ("老客户", "价格敏感", "爱干净", "怕吵", "有宠物", "可转介绍", "周末")
VISIT_CHANNELS = ("电话", "微信", "上门", "小程序", "转介绍")
ORGANISATION_FIRST = "澜汐 霁川 栖木 芷源 棠屿 筱墨 岫云 蓼汀 榆关外 砚山".split()
ORGANISATION_TRADE = "设计 软件 食品 图文 健身 口腔门诊 律所后勤 教育咨询 物业 广告".split()
ORGANISATION_END = "有限公司 有限责任公司 工作室 服务中心".split()
STALLS = "面馆 便利店 理发店 花店 水果铺 裁缝铺 修车铺 早点铺".split()

# A visit's note: which placeholders it takes is what makes it interesting.
PLAIN_NOTES = (
    "油烟机重点清洗,较上次好。",
    "客户出差,改到下周同一时间。",
    "高处玻璃够不到,已说明。",
    "小区东门进,门岗要登记。",
    "阳台杂物多,约好下次收纳。",
    "猫怕吸尘器,先关门。",
    "",
)
NUMBER_NOTES = (
    "加做冰箱除霜,另收{amount}元,单号{order_no}。",
    "订单{order_no}改期一次,未收费。",
    "退款{amount}元已转,对应{order_no}。",
    "门锁密码{door}#,做完发消息。",
    "地下车库进,门禁{door},电梯到{floor}楼。",
)
OTHERS_NOTES = (
    "到了先打她妹妹{other}的电话{phone},本人不接。",
    "物业{other} {phone} 保管备用钥匙,先登记。",
    "楼下邻居{other}投诉滴水,电话{phone},已赔{amount}元。",
    "快递代收{other},手机{phone},门锁密码{door}。",
)
MEMBER_NOTES = (
    "{member}在家,书房不要进。",
    "{member}对香味过敏,换了无味清洁剂。",
    "{member}午睡到三点,先做厨房。",
    "找{member}结账,{amount}元。",
)
ENGLISH_NOTES = (
    "Keys with the concierge {other}, call {phone} before you go up.",
    "Allergic to lavender. Door code {door}. Paid {amount} yuan for order {order_no}.",
)
COMPLAINTS = ("迟到四十分钟", "碰坏一只花瓶,已赔", "厨房地面有水渍", "换人没有提前说")

# Goods sold with the business: thing, make, holds customers' information, how many of it.
GOODS = (
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
)
