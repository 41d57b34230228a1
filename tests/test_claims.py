import re
from xml.etree import ElementTree

import pytest
import torch

import primer
from primer import core


@pytest.fixture(autouse=True)
def numbers(monkeypatch, capsys):
    monkeypatch.setattr(core, "device", lambda: torch.device("cpu"))
    primer.expect("accuracy <of> the forest", 0.9512, 0.93, 0.97)
    primer.expect("gap", 0.0123, low=0, unit="nats")
    primer.expect("missed", 2.5, 0, 1)


def claim(**changes):
    fields = {
        "id": "B1",
        "claim": "Discriminative modelling estimates P(Y | X) & no more.",
        "experiment": "Fit a forest.",
        "shows": ["accuracy <of> the forest", "gap"],
        "verdict": "limited",
    }
    return primer.Claim(**(fields | changes))


def test_box_is_well_formed_and_carries_id_and_verdict():
    table = ElementTree.fromstring(primer.verdicts(claim(), claim(id="B2", verdict="put right"))._repr_html_())
    assert table.get("class") == "primer-verdicts"
    rows = table.findall(".//tr[@data-claim]")
    assert [(row.get("data-claim"), row.get("data-verdict")) for row in rows] == [
        ("B1", "limited"),
        ("B2", "put right"),
    ]
    text = "".join(rows[0].itertext())
    assert "P(Y | X) & no more" in text
    assert "accuracy <of> the forest: 0.951 (expected 0.93 to 0.97)" in text
    assert "gap: 0.0123 nats (expected ≥ 0)" in text
    assert "◐ limited" in text


def test_text_twin_says_the_same():
    assert repr(primer.verdicts(claim(shows=["gap"]))) == (
        "B1  ◐ limited\n"
        "    Claim: Discriminative modelling estimates P(Y | X) & no more.\n"
        "    Experiment: Fit a forest.\n"
        "    gap: 0.0123 nats · expected ≥ 0 · ✓ as expected"
    )


def test_a_number_outside_its_range_is_marked():
    box = primer.verdicts(claim(shows=["missed"]))
    assert 'data-met="false"' in box._repr_html_() and "✗ outside" in box._repr_html_()
    assert "✗ outside" in repr(box)
    assert 'data-met="true"' not in box._repr_html_()


def test_every_cell_repeats_its_head_for_narrow_screens():
    html = primer.verdicts(claim())._repr_html_()
    heads = re.findall(r'<th scope="col">(\w+)</th>', html)
    assert re.findall(r'data-label="(\w+)"', html) == heads == ["Claim", "Experiment", "Number", "Verdict"]


def test_number_that_never_ran():
    with pytest.raises(ValueError, match=r"No expect\('acuracy', ...\) has run in this notebook; it has: 'accuracy"):
        primer.verdicts(claim(shows=["acuracy"]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "X1"}, "a letter from A to D and a number"),
        ({"verdict": "true"}, "one of supported, limited, refuted, put right"),
        ({"shows": []}, "at least one expectation"),
        ({"shows": "gap"}, "needs a list"),
    ],
)
def test_wrong_claim(changes, message):
    with pytest.raises(ValueError, match=message):
        claim(**changes)


def test_same_claim_twice():
    with pytest.raises(ValueError, match="once in the box"):
        primer.verdicts(claim(), claim())
