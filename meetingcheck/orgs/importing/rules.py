"""What an imported list means beside what is there already: new, changed, the same, or wrong and why. Pure.

One row may hold a unit, a person with a role in that unit, or both; several rows may speak of the same unit or person.
Nothing is deleted because it is missing from a list. Rows are read in entries.py, units and people found in units.py
and people.py; what comes out stands in plan.py.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence

from meetingcheck.lib.text import search_form
from meetingcheck.orgs.importing.entries import read_entry
from meetingcheck.orgs.importing.outcomes import Line, Table
from meetingcheck.orgs.importing.people import People
from meetingcheck.orgs.importing.plan import Area, Plan
from meetingcheck.orgs.importing.units import Units


def judge_table(table: Table, area: Area, run_id: uuid.UUID) -> Plan:
    """What a list that was read means."""
    return judge(table.lines, table.columns, table.default_role, area, run_id, table.unit_word, table.unclear)


def judge(
    lines: Sequence[Line],
    columns: Mapping[str, int],
    default_role: str | None,
    area: Area,
    run_id: uuid.UUID,
    unit_word: str = "",
    unclear: Collection[int] = (),
) -> Plan:
    """What the rows of a list mean beside what the area holds already. Same input, same plan, ids included.

    `default_role` and `unit_word` are what titles say of all rows: their people are secretaries, their units cells.
    `unclear` are the numbers of rows that do not say for sure under which unit theirs stands.
    """
    kinds = {search_form(text): kind for kind in area.kinds for text in (kind.code, kind.name)}
    word = unit_word if search_form(unit_word) in kinds else ""
    entries = [read_entry(line, columns, default_role, kinds, area.today, word) for line in lines]
    not_sure = set(unclear)
    for entry in entries:
        entry.is_place_unclear = entry.line in not_sure
    plan = Plan([entry.judged for entry in entries])
    units = Units(area, run_id, kinds)
    units.group(entries)
    groups = units.resolve_all()
    units.plan(groups, plan)
    People(area, run_id).plan(entries, units, plan)
    return plan
