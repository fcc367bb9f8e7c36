"""Working days: weekends and holidays off, exchanged weekends (调休) worked; all of it data."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from shared.contracts.programme import CalendarPublished

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days off and worked weekends; a year nobody published has its weekends and nothing else."""

    holidays: frozenset[date] = frozenset()
    worked_weekends: frozenset[date] = frozenset()

    @classmethod
    def of(cls, published: Iterable[CalendarPublished]) -> Self:
        """The calendar known after these, in the order of their stream: per year the last counts.

        What a deadline was set by is the calendar known then, so pass only what was known then.
        """
        years = {event.year: event for event in published}
        return cls(
            frozenset(day for event in years.values() for day in event.holidays),
            frozenset(day for event in years.values() for day in event.worked_weekends),
        )

    def is_working(self, day: date) -> bool:
        """A day named both as holiday and as worked is a holiday."""
        return day not in self.holidays and (day.weekday() < 5 or day in self.worked_weekends)

    def between(self, after: date, until: date) -> int:
        """Working days in (after, until]; 0 when there is no such day."""
        if until <= after:
            return 0
        off = sum(after < day <= until and day.weekday() < 5 for day in self.holidays)
        on = sum(
            after < day <= until and day.weekday() > 4 and day not in self.holidays
            for day in self.worked_weekends
        )
        return _weekdays(until) - _weekdays(after) - off + on

    def add(self, day: date, working_days: int) -> date:
        """The last day of a term of `working_days` that begins the day after `day`; 0 is `day`.

        Raises ValueError for a negative term.
        """
        if working_days < 0:
            raise ValueError("a term counts forwards")
        while working_days:
            day += _DAY
            working_days -= self.is_working(day)
        return day

    def late(self, due: date, day: date) -> int:
        """Working days that `day` lies beyond `due`; 0 when in time."""
        return self.between(due, day)


def _weekdays(day: date) -> int:
    """Mondays to Fridays from the beginning of time until `day`; 0001-01-01 was a Monday."""
    weeks, rest = divmod(day.toordinal(), 7)
    return weeks * 5 + min(rest, 5)
