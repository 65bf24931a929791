"""The cast of every test: two companies, three of staff and an outsider, five customers. All invented.

Passphrases stand here in the clear because nobody's key is behind them. No number is anybody's: 154 is given to
no network, no prefecture has the number 99, and the last signs of the identity numbers and credit codes are wrong.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class CompanyRole:
    """A company of the cast."""

    name: str
    uscc: str
    contact: str
    address: str
    origin: str
    passphrase: bytes


@dataclass(frozen=True)
class StaffRole:
    """Someone who works for the sending company."""

    name: str
    role: str
    passphrase: bytes


@dataclass(frozen=True)
class CustomerRole:
    """A customer of the sending company."""

    name: str
    mobile: str
    identity: str
    address: str
    born: str


SENDER = CompanyRole(
    name="青禾家政服务部",
    uscc="92310000MA1TESTA0X",
    contact="冯知夏 021-00000001",
    address="测试市样例区甲一路1号",
    origin="simulated.qinghe.example",
    passphrase=b"sender-company-passphrase",
)
RECEIVER = CompanyRole(
    name="云杉家庭服务有限公司",
    uscc="91310000MA1TESTB0X",
    contact="莫以南 021-00000002",
    address="测试市样例区乙二路2号",
    origin="simulated.yunshan.example",
    passphrase=b"receiver-company-passphrase",
)

OFFICER = StaffRole(name="冯知夏", role="privacy_officer", passphrase=b"officer-own-passphrase")
SECOND = StaffRole(name="钟远山", role="second_signer", passphrase=b"second-own-passphrase")
CLERK = StaffRole(name="纪小满", role="clerk", passphrase=b"clerk-own-passphrase")
OUTSIDER = StaffRole(name="路过客", role="clerk", passphrase=b"outsider-own-passphrase")

CUSTOMERS = (
    CustomerRole("叶青岚", "15400000001", "319901199001010011", "测试市样例区丙三路3号", "1990-01-01"),
    CustomerRole("𠮷安平", "15400000002", "319901198502020022", "测试市样例区丙三路3号", "1985-02-02"),
    CustomerRole("白一诺", "15400000003", "319901201503030032", "测试市样例区丁四路4号", "2015-03-03"),
    CustomerRole("Ada Example", "15400000004", "", "测试市样例区丁四路5号", "1979-04-04"),
    CustomerRole("欧阳若水", "15400000005", "319901196005050051", "测试市样例区戊五路6号", "1960-05-05"),
)
