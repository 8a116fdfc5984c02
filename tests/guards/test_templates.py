"""Every template is used, and every address in one is made by the application."""

import re

import pytest

from tests.guards.sources import PACKAGE, templates

PYTHON = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("name", sorted(templates()))
def test_each_template_is_used(name: str) -> None:
    if "/messages/" in name:  # rendered by the kind of the message: <feature>/messages/<name>.txt
        feature, _, file = name.split("/")
        assert f'"{feature}.{file.removesuffix(".txt")}"' in PYTHON
        return
    others = "\n".join(text for other, text in templates().items() if other != name)
    assert f'"{name}"' in PYTHON or f'"{name}"' in others


@pytest.mark.parametrize("name", [name for name in sorted(templates()) if name.endswith(".html")])
def test_no_inline_script_or_style(name: str) -> None:
    text = templates()[name]
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=[\"']|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("name", [name for name in sorted(templates()) if name.endswith(".html")])
def test_each_post_form_carries_its_token(name: str) -> None:
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", templates()[name], re.DOTALL):
        assert "csrf_token()" in form
