"""From the form of a person to values."""

from meetingcheck.accounts.rules import is_mail, is_phone, normal_login
from meetingcheck.lib.http.forms import TypedForm
from meetingcheck.lib.text import N_
from meetingcheck.office.people.actions import PersonFacts

NAME_WANTED = N_("Đồng chí hãy ghi họ và tên.")
PHONE_WANTED = N_("Số điện thoại gồm 10 chữ số, bắt đầu bằng số 0.")
MAIL_WANTED = N_("Địa chỉ email có dạng ten@noinao.vn.")
LONGEST_NAME = 120


def typed_person_facts(form: TypedForm) -> PersonFacts:
    """Name, phone and mail as typed, with sentences at the fields that are not understood."""
    name = form.line("name", LONGEST_NAME, NAME_WANTED)
    phone, email = normal_login(form.line("phone", 40)), normal_login(form.line("email", 120))
    if phone and not is_phone(phone):
        form.refuse("phone", PHONE_WANTED)
    if email and not is_mail(email):
        form.refuse("email", MAIL_WANTED)
    return PersonFacts(name, phone or None, email or None)
