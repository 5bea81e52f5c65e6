"""What holds for any text at all."""

import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from k8s.cards import load_cards
from k8s.policy import load_policy
from k8s.words.ask import understand
from k8s.words.vocabulary import load_forbidden, load_phrases

POLICY = load_policy(Path(__file__).with_name("corpus") / "house_two.yaml")
# A hostile text may hold anything, and most harm is done by what looks nearly right.
NAMES = st.sampled_from([item.name for item in POLICY.inventory] + list(POLICY.nodes) + list(POLICY.namespaces))
ODD = st.sampled_from(
    [
        "--all",
        "-A",
        "-n",
        "--replicas=99",
        "; id",
        "$(id)",
        "\n",
        "\x00",
        "\u202e",
        "٣",
        "9" * 400,
        "1h",
        "0",
        "ﬁ",
        "e\u0301",
    ]
)
SAID = st.sampled_from([phrase for phrases in load_phrases().values() for phrase in phrases])
FORBIDDEN = st.sampled_from([phrase for entry in load_forbidden() for phrase in entry.phrases])
PIECES = st.one_of(NAMES, ODD, SAID, FORBIDDEN, st.text(max_size=30))
TEXTS = st.one_of(st.text(max_size=2_000), st.lists(PIECES, max_size=12).map(" ".join))
OPTION = re.compile(r"(?:^|\s|\[)(-[-\w]*)")


def options_of_the_cards() -> set[str]:
    templates = [str(template) for card in load_cards().values() for template in (*card.argv, *card.preview)]
    return {option for template in templates for option in OPTION.findall(template)} | {"--with-source", "--comments"}


OPTIONS = options_of_the_cards()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS)
def test_any_text_has_an_answer_within_bounds(text: str) -> None:
    answer = understand(text, POLICY)
    assert answer.readings or answer.question or answer.refused
    assert not (answer.refused and any(reading.plan.changes for reading in answer.readings))
    assert len(answer.readings) <= 3
    sure = [reading.confidence for reading in answer.readings]
    assert all(0 <= one <= 1 for one in sure)
    assert sure == sorted(sure, reverse=True)
    assert len(answer.question or "") < 1_000


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS)
def test_no_option_comes_from_a_text(text: str) -> None:
    for reading in understand(text, POLICY).readings:
        for element in [element for argv in (*reading.plan.argv, *reading.plan.preview) for element in argv]:
            assert not element.startswith("-") or element.partition("=")[0] in OPTIONS, element


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS)
def test_what_is_read_is_in_the_policy(text: str) -> None:
    things: set[tuple[str, str | None, str]] = {(item.kind, item.namespace, item.name) for item in POLICY.inventory}
    things |= {("node", None, node) for node in POLICY.nodes}
    things |= {("namespace", space, space) for space in POLICY.namespaces}
    for reading in understand(text, POLICY).readings:
        assert reading.name is None or (reading.resource, reading.namespace, reading.name) in things


def test_a_huge_text_is_cut_and_answered() -> None:
    assert understand("restart jellyfin " * 100_000, POLICY).readings
