"""The games of chapter 09 on eight Gaussians: what is played, and what is stored of it."""

import json

from benchmarks import gan_modes as bench
from primer.models.gan import GAMES


def test_a_short_game_is_counted_and_comes_back_from_its_seed():
    modes, share = first = bench.covered("relativistic", 0.1, 3, 5)
    assert 0 <= modes <= 8 and 0 <= share <= 1
    assert bench.covered("relativistic", 0.1, 3, 5) == first


def test_the_stored_result_holds_ten_seeds_of_every_game_and_decides_the_claim():
    result = json.loads(bench.RESULT.read_text())
    assert result["first seed"] == bench.FIRST == 1000  # none of the seeds of the search
    stored = result["runs"]
    assert set(stored) == set(bench.GAMES)
    assert all(game in GAMES for game, _ in bench.GAMES.values())
    for run in stored.values():
        assert len(run["modes"]) == len(run["on a bump"]) == 10
    assert sum(modes <= 4 for modes in stored["minimax"]["modes"]) >= 9
    assert sum(modes == 8 for modes in stored["minimax, penalty"]["modes"]) >= 9
