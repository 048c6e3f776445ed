"""Templates: what is a text with places, and what comes out of one."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.templates import (
    NAMES,
    Filled,
    Malformed,
    Missing,
    Place,
    asks_for,
    fill,
    parse,
    render,
)

LITERALS = st.text(alphabet=string.ascii_letters + " {}|\n", max_size=20).filter(
    lambda text: "{{" not in text and not text.endswith("{")
)
PLACES = st.builds(
    Place, st.sampled_from(sorted(NAMES)), st.none() | st.sampled_from(["", "there"])
)
VALUES = st.dictionaries(
    st.sampled_from(sorted(NAMES)),
    st.text() | st.sampled_from(["{{shop.name}}", "{{", "}}", "|", "{{no.such}}"]),
)


def source(part: str | Place) -> str:
    if isinstance(part, str):
        return part
    bar = "" if part.fallback is None else f"|{part.fallback}"
    return f"{{{{{part.name}{bar}}}}}"


def parsed(text: str) -> tuple[str | Place, ...]:
    template = parse(text)
    assert not isinstance(template, Malformed)
    return template


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("Hello", "Hello"),
        ("Hi {{profile.first_name|there}}!", "Hi Sara!"),
        ("{{ profile.first_name | there }}", "Sara"),
        ("{{profile.phone|}}.", "."),
        ("{{profile.phone|call {us}}}", "call {us}"[:-1] + "}"),
        ("{{shop.name}}{{shop.name}}", "My shopMy shop"),
        ("a }} b { c }", "a }} b { c }"),
        ("{{profile.phone|a|b}}", "a|b"),
    ],
)
def test_places_are_filled(text: str, said: str) -> None:
    values = {"profile.first_name": "Sara", "shop.name": "My shop"}
    assert render(parsed(text), values) == said


@pytest.mark.parametrize(
    "text",
    [
        "{{profile.nam}}",
        "{{}}",
        "{{|there}}",
        "{{profile.first_name",
        "{{profile.first_name}",
        "{{{profile.first_name}}}",
        "{{__class__}}",
        "{{profile.first_name.x}}",
        "{{{{profile.name}}}}",
    ],
)
def test_what_nobody_knows_is_no_template(text: str) -> None:
    assert isinstance(parse(text), Malformed)


def test_a_text_full_of_openings_is_refused_in_a_moment() -> None:
    assert isinstance(parse("{{" * 500_000), Malformed)


def test_all_that_is_missing_is_named_once_and_in_order() -> None:
    text = (
        "{{profile.phone}} {{order.last.number}} {{profile.phone}} {{profile.place|}}"
    )
    values = {"order.last.number": "  "}
    outcome = render(parsed(text), values)
    assert outcome == Missing(("profile.phone", "order.last.number"))


def test_what_a_value_says_is_never_read_as_a_template() -> None:
    values = {"profile.name": "{{shop.name}}", "shop.name": "My shop"}
    assert render(parsed("{{profile.name}}"), values) == "{{shop.name}}"
    split = {"profile.name": "{{shop.", "profile.place": "name}}"}
    assert render(parsed("{{profile.name}}{{profile.place}}"), split) == (
        "{{shop.name}}"
    )


@given(st.lists(LITERALS | PLACES, max_size=8), VALUES)
def test_a_text_is_its_parts_with_the_values_as_they_are(
    parts: list[str | Place], values: dict[str, str]
) -> None:
    template = parsed("".join(map(source, parts)))
    expected: list[str] = []
    missing: list[str] = []
    for part in parts:
        if isinstance(part, str):
            expected.append(part)
            continue
        value = values.get(part.name, "")
        if value.strip():
            expected.append(value)
        elif part.fallback is None:
            missing.append(part.name)
        else:
            expected.append(part.fallback)
    outcome = render(template, values)
    if missing:
        assert outcome == Missing(tuple(dict.fromkeys(missing)))
    else:
        assert outcome == "".join(expected)


@given(st.lists(LITERALS | PLACES, max_size=8))
def test_a_template_written_down_again_is_the_same(parts: list[str | Place]) -> None:
    template = parsed("".join(map(source, parts)))
    assert parsed("".join(map(source, template))) == template
    names = {part.name for part in parts if isinstance(part, Place)}
    assert asks_for(template) == names


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    template = parse(text)
    if "{{" not in text:
        assert render(parsed(text), {}) == text
    else:
        assert isinstance(template, Malformed) or asks_for(template) <= NAMES


@pytest.mark.parametrize(
    ("text", "said", "missing"),
    [
        ("Hello", "Hello", ()),
        (
            "Hi {{profile.first_name}}! Welcome.",
            "Hi! Welcome.",
            ("profile.first_name",),
        ),
        ("{{profile.first_name}}, hello", "hello", ("profile.first_name",)),
        ("Hi {{profile.first_name|there}}!", "Hi there!", ()),
        ("Hi {{profile.first_name|}}!", "Hi !", ()),
        ("I am {{agent.name}} of {{shop.name}}", "I am of Shop", ("agent.name",)),
        ("Order {{order.last.number}}", "Order", ("order.last.number",)),
        ("{{agent.name}}{{agent.name}}", "", ("agent.name",)),
        ("Hi {{no.such}} {{", "Hi {{no.such}} {{", ()),
    ],
)
def test_what_is_said_by_itself_is_said_without_what_is_not_known(
    text: str, said: str, missing: tuple[str, ...]
) -> None:
    assert fill(text, {"shop.name": "Shop"}) == Filled(said, missing)


@given(st.lists(LITERALS | PLACES), VALUES)
def test_what_is_said_by_itself_is_the_same_where_all_is_known(
    parts: list[str | Place], values: dict[str, str]
) -> None:
    text = "".join(source(part) for part in parts)
    rendered = render(parsed(text), values)
    filled = fill(text, values)
    if isinstance(rendered, Missing):
        assert filled.missing == rendered.names
    else:
        assert filled == Filled(rendered)
