"""The closed lists of the gates, as small numbers that fit a column. Each word stands in `terms/words.toml`."""

from enum import IntEnum, IntFlag, StrEnum


class Verdict(IntEnum):
    """What may happen. TELL, ASK and STOP are open: a case cannot execute on them."""

    NOTHING = 0
    HAND_OVER = 1
    TELL = 2
    ASK = 3
    STOP = 4
    NOT_MOVED = 5
    KEEP = 6
    SEAL = 7
    ARCHIVE = 8
    ANONYMISE = 9
    DESTROY = 10


OPEN = (Verdict.TELL, Verdict.ASK, Verdict.STOP)


class Detail(IntFlag):
    """What a verdict means more closely; bits of two bytes."""

    SEALED = 1
    RESTRICTED = 2
    ORGANISATION_MOVES = 4
    EXTRACT_ONLY = 8
    PAY_AND_NOTIFY = 16
    EXCLUSION = 32
    NEVER_DESTROYED = 64
    AT_CUT_OFF = 128
    TRAVELS = 256
    WHOLE_ORIGINAL = 512
    ON_OPINION = 1024
    SUCCESSOR_KEEPS = 2048


class End(IntEnum):
    """A person's headline end, in rising precedence."""

    NONE = 0
    KEPT = 1
    DESTROYED = 2
    ANONYMISED = 3
    ARCHIVED = 4
    HANDED_OVER = 5
    SEALED = 6
    OPEN = 7


class FlowRole(StrEnum):
    """What the recipient is to the information."""

    SUCCESSOR = "successor"
    OTHER_HANDLER = "other_handler"
    PROCESSOR = "processor"
    CUSTODIAN = "custodian"
    SUBJECT_DIRECTED = "subject_directed"


class Structure(StrEnum):
    """The legal shape of a company's change; several may hold."""

    ADDRESS = "address"
    EQUITY = "equity"
    MERGER = "merger"
    DIVISION = "division"
    DISSOLUTION = "dissolution"
    BANKRUPTCY = "bankruptcy"
    DEREGISTRATION = "deregistration"
    BUSINESS_SALE = "business_sale"
    ASSET_SALE = "asset_sale"
    OPERATOR_CHANGE = "operator_change"


class Business(StrEnum):
    """What kind of business changes."""

    LIMITED_COMPANY = "limited_company"
    INDIVIDUAL_BUSINESS = "individual_business"
    SOLE_PROPRIETORSHIP = "sole_proprietorship"
    BRANCH = "branch"


class Route(StrEnum):
    """On which of the law's conditions information goes abroad (PIPL 38, NDSR 35, SH-10)."""

    NONE = "none"
    FEW_PEOPLE = "few_people"
    PERSONS_CONTRACT = "persons_contract"
    STAFF_RULES = "staff_rules"
    EMERGENCY = "emergency"
    STATUTORY_DUTY = "statutory_duty"
    STANDARD_CONTRACT = "standard_contract"
    CERTIFICATION = "certification"
    ASSESSMENT = "assessment"


class Question(StrEnum):
    """What a lawyer's signed opinion may answer: readings that no text states, and texts that were not checked."""

    SUCCESSION = "succession"
    BANKRUPTCY = "bankruptcy"
    ROUTE_ABROAD = "route_abroad"
    HELD_MOVES = "held_moves"
    DEAD = "dead"
    SEVERAL_PEOPLE = "several_people"
    OWN_CONSENT = "own_consent"
    CONSENT_ABROAD = "consent_abroad"
    CUSTODY_WITHOUT_WAITING = "custody_without_waiting"
    ORIGINAL_CONSENT = "original_consent"
    UNREACHABLE = "unreachable"
    EACH_TOLD = "each_told"
    RENAMING = "renaming"
    FIRST_DAY = "first_day"
    OBJECTION = "objection"
    OTHER_BASIS = "other_basis"
    DEPOSIT = "deposit"
    UNVERIFIED_PERIOD = "unverified_period"
    FUTURE_CLAIMS = "future_claims"


class Holding(IntEnum):
    """Whether a cell (person × category) holds anything."""

    NONE = 0
    LIVE = 1
    DESTROYED = 2


class PersonKind(IntEnum):
    """Who the person is to the company; an organisation's own fields are outside the gate, its contact's inside."""

    CONTRACT_PARTY = 0
    CONTACT_OF_ORGANISATION = 1
    HOUSEHOLD_MEMBER = 2
    THIRD_PARTY = 3
    STAFF = 4
    CUSTOMERS_EMPLOYEE = 5


class Age(IntEnum):
    """Age as far as the law asks."""

    UNKNOWN = 0
    UNDER_14 = 1
    MINOR = 2
    ADULT = 3


class Answer(IntEnum):
    """A person's answer to one flow and category. CALL_ME and DISCUSS are not yet answers."""

    NONE = 0
    AGREE = 1
    REFUSE = 2
    WITHDRAW = 3
    CALL_ME = 4
    DISCUSS = 5


class Notice(IntEnum):
    """How far a notice came. An announcement informs; it never counts as consent."""

    NONE = 0
    SENT = 1
    REACHED = 2
    ANNOUNCED = 3
    UNREACHABLE = 4


class Request(IntFlag):
    """Open requests of the person on a cell; bits of one byte."""

    DELETE = 1
    COPY = 2
    CORRECT = 4
    RESTRICT = 8
    EXPLAIN = 16
    MOVE = 32


class Several(IntEnum):
    """Whether one item speaks of several people, and whether it was read and split."""

    ONE = 0
    SPLIT = 1
    READ = 2
    UNREAD = 3


class Moved(IntEnum):
    """What became of a cell's copy that went to a recipient who takes it over.

    SUCCEEDED: settled with a successor, who carries the purpose on; the sender's copy has none left.
    """

    NOT_MOVED = 0
    UNSETTLED = 1
    SETTLED = 2
    SUCCEEDED = 3


class PurposeState(IntEnum):
    """Whether the purposes of a cell still live. ENDED: achieved, ended, withdrawn, unlawful or over its period."""

    UNKNOWN = 0
    ALIVE = 1
    ENDED = 2
