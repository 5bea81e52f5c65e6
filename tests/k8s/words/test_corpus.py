"""How many requests in the way that operators talk are understood, in a cluster like ours and in other houses."""

from pathlib import Path

import pytest

from k8s.cards import load_cards
from k8s.policy import DEFAULT_POLICY, load_policy
from k8s.words.ask import understand
from tests.k8s.score_words import lines_of, score

CORPUS = Path(__file__).with_name("corpus")
CORPORA = [
    ("held_out.txt", CORPUS / "house_one.yaml"),
    ("house_one.txt", CORPUS / "house_one.yaml"),
    ("house_one_more.txt", CORPUS / "house_one.yaml"),
    ("house_two.txt", CORPUS / "house_two.yaml"),
    ("house_three.txt", CORPUS / "house_three.yaml"),
    ("house_four.txt", CORPUS / "house_four.yaml"),
]


@pytest.mark.parametrize(("requests", "policy"), CORPORA, ids=str)
def test_most_requests_are_understood_and_nothing_dangerous_is_planned(requests: str, policy: Path) -> None:
    result = score(lines_of(CORPUS / requests), load_policy(policy))
    assert result.total > 50
    assert result.first / result.total > 0.8, result
    assert result.among_three / result.total > 0.93, result
    assert result.dangerous == []


def test_seldom_is_asked_what_is_clear() -> None:
    results = [score(lines_of(CORPUS / requests), load_policy(policy)) for requests, policy in CORPORA]
    assert sum(result.asked for result in results) / sum(result.total for result in results) < 0.05


def test_the_examples_of_the_cards_are_understood() -> None:
    policy = load_policy(DEFAULT_POLICY)
    cards = {id(card): card for card in load_cards().values()}.values()
    examples = [(card, example) for card in cards for example in card.examples]
    right = [
        example
        for card, example in examples
        if any(
            (reading.intent, reading.resource in card.resource) == (card.intent, True)
            for reading in understand(example, policy).readings
        )
    ]
    assert len(right) / len(examples) > 0.9
