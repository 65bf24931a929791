"""Names of invented people, with their pinyin.

Sets are kept apart so that no name hides inside another one (the scan for leaks looks for names as text): surnames are
never given characters, and the characters of one-character given names never open a two-character one. Characters that
make ordinary words with a surname before them were left out.
"""

# ruff: noqa: SIM905 - lists of short words read better as one line of text

from dataclasses import dataclass

from shouxin.ground.samples.draws import Draws


def _table(text: str) -> tuple[tuple[str, str], ...]:
    cut = [next(i for i, sign in enumerate(word) if sign.isascii()) for word in text.split()]
    return tuple((word[:at], word[at:]) for word, at in zip(text.split(), cut, strict=True))


SURNAMES = _table(
    "王wang 李li 张zhang 刘liu 陈chen 杨yang 赵zhao 黄huang 周zhou 吴wu 徐xu 孙sun 胡hu 朱zhu 林lin 郭guo "
    "罗luo 梁liang 宋song 郑zheng 谢xie 韩han 唐tang 冯feng 董dong 萧xiao 曹cao 袁yuan 邓deng 傅fu 沈shen "
    "曾zeng 彭peng 吕lv 苏su 卢lu 蒋jiang 蔡cai 贾jia 丁ding 魏wei 薛xue 叶ye 阎yan 潘pan 杜du 戴dai "
    "钟zhong 汪wang 姜jiang 范fan 姚yao 谭tan 廖liao 邹zou 熊xiong 陆lu 郝hao 孔kong 崔cui 邱qiu 秦qin "
    "顾gu 侯hou 邵shao 孟meng 段duan 汤tang 尹yin 黎li 乔qiao 贺he 赖lai 龚gong 樊fan 殷yin 施shi 洪hong "
    "翟zhai 倪ni 严yan 牛niu 温wen 芦lu 季ji 俞yu 章zhang 鲁lu 葛ge 伍wu 申shen 尤you 欧阳ouyang "
    "上官shangguan 诸葛zhuge 司徒situ 慕容murong"
)
SINGLE = _table(
    "磊lei 娜na 艳yan 娟juan 涛tao 霞xia 鹏peng 婷ting 彬bin 莉li 倩qian 蕾lei 琳lin 薇wei 骏jun 昊hao "
    "锐rui 媛yuan 瑜yu 琪qi 帆fan 翔xiang 颖ying 岚lan 钰yu 萍ping 蓉rong 菲fei"
)
OPENING = _table(
    "晓xiao 梓zi 雅ya 诗shi 欣xin 佳jia 俊jun 宇yu 浩hao 泽ze 嘉jia 若ruo 沐mu 奕yi 雪xue 秀xiu 桂gui "
    "玉yu 淑shu 凤feng 振zhen 志zhi 建jian 海hai 永yong 春chun 德de 慧hui 静jing 景jing"
)
CLOSING = _table(
    "怡yi 涵han 轩xuan 彤tong 萱xuan 桐tong 妍yan 瑶yao 辰chen 杉shan 楠nan 筠yun 宸chen 霖lin 珊shan "
    "莹ying 芸yun 莲lian 兰lan 英ying 珍zhen 梅mei 芬fen 华hua 军jun 锋feng 辉hui 彬bin 萍ping 琳lin"
)
# Characters outside the first Chinese character sets: many tables lose them.
RARE = _table("𠮷ji 㐂xi 䶮yan 㛃jie 𬱖wei 𫖯fu 𬭎hong 喆zhe 堃kun 犇ben")
RARE_SIGNS = "".join(sign for sign, _ in RARE)

FIRST = (
    "Ottilie Casimir Philippa Leopold Rosalind Ignatius Cordelia Bartholomew Henrietta Lysander Marguerite Evander "
    "Clementine Thaddeus Seraphina Barnaby Isolde Percival Wilhelmina Octavian Ambrose Beatrix Crispin Desdemona "
    "Eleanora Florian Ginevra Horatio Imogen Jocasta"
).split()
LAST = (
    "Brancaster Hollowfield Quillfeather Ravensdale Thistlewood Underhay Vanterpool Wexcombe Yarrowby Ashgrove "
    "Bellwether Cranmoor Dunsterfield Everhart Fennimore Greystoke Hartwhistle Inglethorpe Kestrelton Lambourne "
    "Merriwick Northolme Oakhampton Pemberwick Quarmby Rookhope Stavordale Tremaine Uxmoor Winterbourne"
).split()


@dataclass(frozen=True, slots=True)
class Name:
    """A name and how it is spoken; the surname apart, because children bear one of their parents'."""

    text: str
    pinyin: str
    surname: tuple[str, str]


def chinese_name(draws: Draws, *, surname: tuple[str, str] | None = None, rare: bool = False) -> Name:
    """A Chinese name: common surnames are commoner; about one in five has a one-character given name."""
    family = surname or SURNAMES[int(len(SURNAMES) * (draws.one(10_000) / 10_000) ** 1.5)]
    if rare:
        given = [draws.pick(OPENING), draws.pick(RARE)]
    elif draws.chance(0.2):
        given = [draws.pick(SINGLE)]
    else:
        given = [draws.pick(OPENING), draws.pick(CLOSING)]
    return Name(family[0] + "".join(sign for sign, _ in given), family[1] + "".join(say for _, say in given), family)


def foreign_name(draws: Draws) -> Name:
    """A name of a customer from abroad, in Latin letters."""
    first, last = draws.pick(FIRST), draws.pick(LAST)
    return Name(f"{first} {last}", f"{first}.{last}".lower(), (last, last.lower()))


def misspelt(draws: Draws, name: Name) -> str:
    """The same person as a hurried clerk writes it: the last character is another one."""
    others = [sign for sign, _ in (SINGLE if len(name.text) == len(name.surname[0]) + 1 else CLOSING)]
    return name.text[:-1] + draws.pick([sign for sign in others if sign != name.text[-1]])
