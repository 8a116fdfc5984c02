"""Which task of a corrected report is which of those that it gave before. Pure."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from meetingcheck.lib.text import search_form

ALIKE = 0.6  # a slip of the pen put right stays above, other work stays below (difflib's ratio of letters in common)
COMPARED = 100  # letters: enough to tell one task from another, and quick for the longest


def match_tasks(before: Sequence[str], now: Sequence[str]) -> list[int | None]:
    """For each task that a report gives now, the index of the one that it was before; None for a new one.

    The same words are the same task wherever it stands; of the rest those are, pair by pair, whose words are most
    alike. So an answer stays with what was answered when another task is dropped, added or moved.
    """
    old, new = [search_form(one) for one in before], [search_form(one) for one in now]
    found: list[int | None] = [None] * len(new)
    for j, words in enumerate(new):
        found[j] = next((i for i, known in enumerate(old) if known == words and i not in found), None)
    likeness = [
        (_likeness(old[i], new[j]), i, j)
        for i in range(len(old))
        for j in range(len(new))
        if i not in found and found[j] is None
    ]
    for ratio, i, j in sorted(likeness, key=lambda pair: (-pair[0], abs(pair[1] - pair[2]))):
        if ratio >= ALIKE and found[j] is None and i not in found:
            found[j] = i
    return found


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one[:COMPARED], other[:COMPARED], autojunk=False).ratio()
