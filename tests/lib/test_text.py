"""Vietnamese text: found without accents, sorted as Vietnamese do, in NFC and NFD alike."""

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from meetingcheck.accounts.actions import NewUser, add_user
from meetingcheck.accounts.models import User
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.text import (
    has_unsafe_characters,
    many_lines,
    name_sort_key,
    one_line,
    search_form,
    sort_key,
    storable,
)
from tests.world import World

# The 29 letters in the order of the alphabet, and the tones of one syllable in the order of dictionaries.
ALPHABET = "aăâbcdđeêghiklmnoôơpqrstuưvxy"
TONES = ["ma", "mà", "mả", "mã", "má", "mạ"]
MARKED = "àảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ"
LETTERS = ALPHABET + ALPHABET.upper() + MARKED + MARKED.upper()

words = st.text(LETTERS, min_size=1, max_size=8)
names = st.lists(words, min_size=1, max_size=4).map(" ".join)
written = st.text(LETTERS + " 0123456789.-()", max_size=30)


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


# --- finding


@pytest.mark.parametrize(
    ("text", "found_by"),
    [
        ("Tổ Mẫu", "to mau"),
        ("Đảng ủy xã Đại Đồng", "dang uy xa dai dong"),
        ("Đảng uỷ", "dang uy"),
        ("THÔN HOÀ BÌNH", "thon hoa binh"),
        ("  Chi bộ\t Thôn\n1 ", "chi bo thon 1"),
        ("Ưu Ơn Ăn Ân Êm Ôm", "uu on an an em om"),
        ("", ""),
    ],
)
def test_a_text_is_found_without_its_accents(text: str, found_by: str) -> None:
    assert search_form(text) == found_by
    assert search_form(nfd(text)) == found_by


@given(written)
def test_what_people_type_finds_what_is_stored(text: str) -> None:
    form = search_form(text)
    assert form == search_form(nfd(text)) == search_form(text.upper()) == search_form(form)
    assert form.isascii()


# --- sorting


def assert_ascending(texts: list[str]) -> None:
    for before, after in itertools.combinations(texts, 2):
        assert sort_key(before) < sort_key(after), (before, after)


def test_letters_follow_the_vietnamese_alphabet() -> None:
    assert_ascending(list(ALPHABET))


def test_tones_follow_the_dictionary() -> None:
    assert_ascending(TONES)


def test_a_letter_counts_before_a_tone() -> None:
    assert_ascending(["mạ", "mac", "màn", "mang", "mâ"])


def test_words_are_compared_one_after_the_other() -> None:
    assert_ascending(["An", "An Bình", "An Giang", "Anh", "Anh Sơn"])
    assert_ascending(["Bình", "Bình Minh", "Bính An", "Bính Minh"])


def test_capitals_do_not_matter() -> None:
    assert sort_key("CHI BỘ THÔN 2") == sort_key("Chi Bộ thôn 2")
    assert_ascending(["CHI BỘ THÔN 1", "Chi bộ Thôn 2", "CHI BỘ THÔN 10"])


def test_both_ways_of_placing_a_tone_stand_together() -> None:
    assert_ascending(["Hoa", "Hoà", "Hoạ"])
    assert_ascending(["Hoa", "Hòa", "Họa"])


def test_numbers_are_sorted_by_value() -> None:
    names = ["Tổ 1", "Tổ 1A", "Tổ 2", "Tổ 9", "Tổ 10", "Tổ 11B", "Tổ 100", "Tổ 1000000", "Tổ 20261103"]
    assert_ascending(names)
    assert sort_key("Tổ 01") == sort_key("Tổ 1")
    assert_ascending(["Tổ 0", "Tổ 1"])


@given(st.integers(0, 10**20), st.integers(0, 10**20), words)
def test_any_two_numbers_are_sorted_by_value(one: int, other: int, word: str) -> None:
    keys = sort_key(f"{word} {one}"), sort_key(f"{word} {other}")
    assert (keys[0] < keys[1]) == (one < other)
    assert (keys[0] == keys[1]) == (one == other)


@given(written)
def test_the_spelling_in_unicode_does_not_matter(text: str) -> None:
    assert sort_key(text) == sort_key(nfd(text)) == sort_key(f"  {text} ")
    assert name_sort_key(text) == name_sort_key(nfd(text))


@given(names, names)
def test_what_goes_on_comes_after_what_ends(name: str, rest: str) -> None:
    assert sort_key(name) < sort_key(f"{name} {rest}")


def test_people_are_sorted_by_their_given_names() -> None:
    people = [
        "Bùi An",
        "Trần Thị An",
        "Đỗ Văn Anh",
        "Nguyễn Ánh",
        "Lê Ân",
        "Vũ Bình",
        "Trần Văn Bính",
        "Hồ Dũng",
        "Âu Đạt",
        "Đặng Đức",
        "Y",
    ]
    for before, after in itertools.combinations(people, 2):
        assert name_sort_key(before) < name_sort_key(after), (before, after)


@given(names, words, names, words)
def test_the_given_name_decides_before_the_family_name(
    family: str, given_name: str, other_family: str, other_given: str
) -> None:
    one, other = sort_key(given_name), sort_key(other_given)
    if one != other:
        keys = name_sort_key(f"{family} {given_name}"), name_sort_key(f"{other_family} {other_given}")
        assert (keys[0] < keys[1]) == (one < other)


def test_a_name_of_one_word_or_none_has_its_place() -> None:
    assert name_sort_key("") < name_sort_key("An") < name_sort_key("Bùi An")


def test_both_databases_sort_people_alike(world: World) -> None:
    people = ["Lê Ân", "Bùi Anh", "Nguyễn Văn An", "Trần Văn Bính", "Đỗ Bình"]
    with world.app.app_context():
        with write_transaction() as session:
            for number, name in enumerate(people):
                add_user(session, NewUser(f"09{number:08}", nfd(name)), None, world.clock())
        with read_transaction() as session:
            sorted_names = list(
                session.scalars(select(User.name).where(User.login.like("09%")).order_by(User.name_sort))
            )
    assert sorted_names == ["Nguyễn Văn An", "Bùi Anh", "Lê Ân", "Đỗ Bình", "Trần Văn Bính"]


# --- keeping


def test_a_line_is_kept_composed_and_trimmed() -> None:
    assert one_line(f"  {nfd('Tổ')} \t\r\n Mẫu ") == "Tổ Mẫu"


def test_lines_are_kept_as_lines() -> None:
    assert many_lines("\r\n một\r\nhai\rba\n\n") == "một\nhai\nba"


@pytest.mark.parametrize(
    "mark", ["\u202e", "\u200f", "\u2066", "\u200b", "\ufeff", "\0", "\x1b", "\x7f", "\u2028", "\ufffd"]
)
def test_characters_that_hide_something_are_found(mark: str) -> None:
    assert has_unsafe_characters(f"Chi{mark}bộ")
    assert has_unsafe_characters(f"Chi{mark}bộ", allow_newlines=True)


def test_lines_and_tabs_are_safe_only_where_there_are_lines() -> None:
    assert not has_unsafe_characters("một\nhai\tba", allow_newlines=True)
    assert has_unsafe_characters("một\nhai")


@given(names)
def test_names_of_people_are_safe(name: str) -> None:
    assert not has_unsafe_characters(name)
    assert storable(name) == name


def test_what_a_database_cannot_keep_gets_a_visible_sign() -> None:
    kept = storable("một\0hai")
    assert "\0" not in kept
    assert kept.startswith("một")
    assert kept.endswith("hai")
    assert has_unsafe_characters(kept)
