"""The choices of the energy page: addresses that keep the rest of the question."""

from dataclasses import dataclass
from datetime import date

from django.http import QueryDict
from django.utils.translation import gettext as _

from energy.pages.forms import Question
from energy.pages.ranges import Span, offered_resolutions, span_of
from energy.pages.words import RESOLUTIONS, SHORTCUTS, before_name


@dataclass(frozen=True, slots=True)
class Choice:
    """A link, and whether it is what is shown."""

    title: str
    query: str
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What else can be shown from here; the neighbours are None where there is nothing."""

    resolutions: list[Choice]
    compare: Choice
    earlier: Choice | None
    later: Choice | None
    download: str


def choices(question: Question, *, today: date, first_day: date) -> Choices:
    """Return the choices that lead on from a question."""
    span = question.span
    earlier, later = span.shifted(-1), span.shifted(1)
    return Choices(
        resolutions=[
            Choice(str(RESOLUTIONS[one]), _query(question, span, by=one), chosen=one is question.resolution)
            for one in offered_resolutions(span)
        ],
        compare=Choice(
            _compare_title(question),
            _query(question, span, by=question.resolution, compare=not question.compare),
            chosen=question.compare,
        ),
        earlier=Choice(_("Earlier"), _query(question, earlier)) if earlier.last >= first_day else None,
        later=Choice(_("Later"), _query(question, later)) if later.first <= today else None,
        download=_query(question, span, by=question.resolution),
    )


def shortcuts(question: Question | None, *, today: date, first_day: date) -> list[Choice]:
    """Return the ranges that have names; the one whose days were asked for is chosen."""
    asked = question.asked if question else None
    return [
        Choice(
            str(title),
            _encoded(_rest(question), range=shortcut),
            chosen=asked == span_of(shortcut, today=today, first_day=first_day),
        )
        for shortcut, title in SHORTCUTS.items()
    ]


def _compare_title(question: Question) -> str:
    if question.compare:
        return _("Do not compare")
    return _("Compare with %(before_name)s") % {"before_name": before_name(question.span)}


def _query(question: Question, span: Span, *, compare: bool | None = None, by: str = "") -> str:
    rest = _rest(question)
    if compare is not None:
        rest["compare"] = "1" if compare else ""
    return _encoded(rest, **{"from": span.first.isoformat(), "to": span.last.isoformat(), "by": by})


def _rest(question: Question | None) -> dict[str, str]:
    """Return the part of a question that stays whatever range is chosen."""
    if question is None:
        return {}
    return {"compare": "1" if question.compare else "", "meter": question.meter or ""}


def _encoded(rest: dict[str, str], **more: str) -> str:
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in {**more, **rest}.items() if value})
    return query.urlencode()
