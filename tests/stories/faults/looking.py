"""How a person reads a refusal that says a verb was done already: look, and go on. And what must be looked for first,
because doing it twice would make two of it.
"""

from pathlib import Path


def _option(words, name):
    return words[words.index(name) + 1]


def _look_for_staff(company, words):
    found = [each for each in company.ask("staff", "list")["staff"] if each["role"] == _option(words, "--role")]
    return found[0] if found else None


def _look_for_recipient(company, words):
    found = company.ask("recipient", "list")["recipients"]
    return found[0] if found else None


def _nothing_more(company, words, facts):
    return {}


def _the_clock_stands_there(company, words, facts):
    return {} if facts["at"] == facts["to"] else None


def _the_good_is_further(company, words, facts):
    return {} if GOOD_STEPS.index(facts["next"]) == GOOD_STEPS.index(facts["step"]) + 1 else None


def _the_receiver_is_known(company, words, facts):
    return {"recipient": facts["recipient"]} if facts["same_key"] else None


def _the_case_is_open(company, words, facts):
    return {"case": facts["case"]}


def _who_took_it_back(company, words, facts):
    """Staff know with whom they are on the telephone, and find this customer's handle by name and number."""
    people = company.story.people
    person = next(people.truth.people[key] for key, each in people.received.items() if each.code == words[3])
    for phone in person.texts["phone"]:
        found = company.ask("customer", "find", f"{person.name} {phone}", "--by", _option(words, "--by"))["found"]
        if len(found) == 1:
            return {"customer": found[0]}
    return None


def _the_pack_is_there(company, words, facts):
    """The pack under its name is whole; what it says of people is read from one more, which is not kept."""
    again = Path(_option(words, "--out")).with_name("again.zip")
    found = company.ask("evidence", "export", words[2], "--out", str(again), "--by", _option(words, "--by"))
    again.unlink()
    return {"ends": found["ends"]}


GOOD_STEPS = ("taken_out", "wiped", "checked", "handed_over")
LOOKS = {"staff add": _look_for_staff, "recipient add": _look_for_recipient}
"""What must not be done twice: a person looks before doing it again."""
DONE = {
    "recipient add": ("parties.recipient_known", _the_receiver_is_known),
    "case open": ("cases.open_already", _the_case_is_open),
    "case step": ("cases.step_closed", _nothing_more),
    "assessment sign": ("review.signed_already", _nothing_more),
    "source goods": ("inventory.step", _the_good_is_further),
    "company clock": ("clock.backwards", _the_clock_stands_there),
    "consent import": ("consent.sheet_known", _nothing_more),
    "rights answer": ("rights.already_ended", _nothing_more),
    "rights settle": ("relations.already_ended", _nothing_more),
    "consent record": ("consent.not_given", _who_took_it_back),
    "dispose approve": ("disposal.plan_approved_already", _nothing_more),
    "evidence export": ("cases.pack_exists", _the_pack_is_there),
    "case close": ("cases.closed", _nothing_more),
}
"""What refuses with the words that it was done already."""
