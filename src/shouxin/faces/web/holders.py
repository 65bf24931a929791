"""Who stands behind a personal link: the holder of the link, never more than that.

A link that was never issued, is used up or belonged to someone who was destroyed leads nowhere, and all three look the
same. The form key of a page is signed, bound to its link, and says which text was shown when the page was opened. It
needs no cookie: old browsers, and those that take none, can answer too.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.core import signing

from shouxin.duties.consent import queries as consent
from shouxin.duties.inventory import queries as inventory
from shouxin.duties.notices import queries as notices
from shouxin.faces.web import speech
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import to_text
from shouxin.stores.ledger import queries as ledger

FORM_KEY = "csrfmiddlewaretoken"
_PAGE_LIVES = 7 * 24 * 3600


@dataclass(frozen=True)
class Kind:
    """A kind of information that the case asks for: its category and the fields the notice names."""

    category: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Holder:
    """The holder of one link, the case it speaks of, the text shown, and the instant."""

    token: str = field(repr=False)
    case: str
    customer: int
    child: bool
    window: consent.WindowView
    text: notices.TextView
    language: str
    at: datetime

    @property
    def is_over(self) -> bool:
        """Whether no agreement counts any more."""
        return self.at > self.window.cut_off

    @property
    def subject(self) -> str:
        """The subject of the text; the shop's name, which stands above it, is left out."""
        shop, subject = self.text.text.elements["handler"]["shop"], self.text.text.subject
        return subject.removeprefix(f"【{shop}】").removeprefix(f"[{shop}]").strip()

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds asked for, as the text names them."""
        named = self.text.text.elements["kinds"].items()
        return tuple(Kind(name, tuple(fields)) for name, fields in named if name in self.window.categories)

    @property
    def ordinary(self) -> tuple[Kind, ...]:
        """The kinds that one answer covers."""
        return tuple(kind for kind in self.kinds if kind.category != "sensitive")

    @property
    def ordinary_words(self) -> str:
        """Their names, as they stand on the button."""
        return speech.listed(speech.kind(kind.category) for kind in self.ordinary)

    @property
    def sensitive(self) -> Kind | None:
        """The sensitive kinds, which are agreed to apart (PIPL 29)."""
        return next((kind for kind in self.kinds if kind.category == "sensitive"), None)

    @property
    def standing(self) -> consent.AnswerView | None:
        """The answer that stands."""
        given = consent.history(self.customer, self.case)
        return given[-1] if given else None


def find(token: str, *, asked_language: str) -> Holder:
    """The holder of a link; the text in the language asked for, else in the one this customer was told in.

    Raises:
        Refusal: the link leads nowhere (any more).
    """
    case, customer = notices.resolve_token(token)
    card = inventory.card(customer)
    window = consent.window(case)
    shown = notices.text_by_digest(notices.text_shown(case, customer))
    if asked_language and asked_language != shown.language:
        shown = notices.text(case, asked_language)
    return Holder(
        token=token,
        case=case,
        customer=customer,
        child=card["age_band"] == "child",
        window=window,
        text=shown,
        language=asked_language or shown.language,
        at=ledger.clock().now(),
    )


def leads_nowhere(refused: Refusal) -> bool:
    """Whether a refusal means that nobody stands behind the link (any more), not that something is out of order."""
    return refused.code.partition(".")[0] in ("notices", "inventory", "consent", "vault", "ledger")


@dataclass(frozen=True)
class Opening:
    """What the page said when it was opened: which text, in which language, when. Signed by this installation."""

    text_digest: str
    language: str
    opened_at: str


def form_key(holder: Holder) -> str:
    """The signed opening that every form of a page carries."""
    return signing.dumps([holder.text.digest, holder.language, to_text(holder.at)], salt=_salt(holder.token))


def read_form_key(token: str, key: str) -> Opening | None:
    """The opening behind a form; None where it is not ours, of another link, or a week old."""
    try:
        text_digest, language, opened_at = signing.loads(key, salt=_salt(token), max_age=_PAGE_LIVES)
    except (signing.BadSignature, ValueError):
        return None
    return Opening(text_digest, language, opened_at)


def _salt(token: str) -> str:
    return f"shouxin.customer.page.{token}"
