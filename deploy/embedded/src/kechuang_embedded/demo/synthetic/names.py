"""Invented names. 示 (example) stands in every one, so that no real firm or person can be meant."""

from random import Random

from kechuang_embedded.demo.synthetic.trades import Trade

_BRAND = "澄岚宁禾恒启朗润谷岭沐辰曦越云帆川屿松柏石舟安远和嘉荣泽景明博达晟锐新诚骏鸿翰祺"
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹苏潘葛范彭鲁韦马方任袁柳鲍史唐"
_GIVEN = "安明华宁远平静文思雨晨航博雅清越然泽宇涵睿凡佳乐欣"
_UNIVERSITY = ("理工大学", "大学", "科技学院", "职业技术大学")
_INSTITUTE = ("材料研究所", "智能制造研究院", "农业科学研究所", "检验检测研究院")


def brand(random: Random) -> str:
    """Two characters behind 示."""
    return "示" + random.choice(_BRAND) + random.choice(_BRAND)


def enterprise_name(random: Random, place: str, trade: Trade) -> str:
    """For example 江门示澄岚精密压铸有限公司."""
    ending = random.choices(("有限公司", "股份有限公司", "（个人独资）有限公司"), (92, 6, 2))[0]
    return f"{place}{brand(random)}{random.choice(trade.names)}{ending}"


def university_name(random: Random, place: str) -> str:
    """For example 江门示越理工大学."""
    return f"{place}示{random.choice(_BRAND)}{random.choice(_UNIVERSITY)}"


def institute_name(random: Random, place: str) -> str:
    """For example 江门示禾材料研究所."""
    return f"{place}示{random.choice(_BRAND)}{random.choice(_INSTITUTE)}"


def person_name(random: Random) -> str:
    """For example 陈示安."""
    return f"{random.choice(_SURNAMES)}示{random.choice(_GIVEN)}"
