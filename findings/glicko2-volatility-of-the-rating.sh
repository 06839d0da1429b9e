#!/usr/bin/env bash
# glicko2 2.1.0: the same results move a model's rating more or less depending on how far from 1500 the ratings are.
#
# In Glicko-2 only differences of ratings count, so one would expect the same results a thousand points higher to give ratings
# that are a thousand points higher. The new volatility, by Glickman's description of the system, is found from the rating
# deviation; the package puts the rating there (`__rating` for `__rd` in `_f`). At 1500, its zero, the volatility of a model
# whose results change rises too far; a few hundred points away it stays what it was, so such a model's deviation keeps
# shrinking and it is rated too slowly. After a hundred periods of ten games that a model all loses or all wins by turns, its
# deviation is 68 about 1500 and 33 about 2500, where 52 is right for both. The README calls it an implementation of the
# system; nothing is told, and Glickman's own example, of a single period at 1500, comes out right to two digits.
#
# Needs Python 3.11 or later and about 20 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check glicko2==2.1.0
cat > ask.py <<'PY'
from math import exp, log, pi, sqrt

from glicko2 import Player

SCALE, TAU = 173.7178, 0.5


def by_the_description(rating, deviation, volatility, games):
    mu, phi = (rating - 1500) / SCALE, deviation / SCALE
    terms = []
    for other, spread, score in games:
        g = 1 / sqrt(1 + 3 * (spread / SCALE) ** 2 / pi**2)
        terms.append((g, 1 / (1 + exp(-g * (mu - (other - 1500) / SCALE))), score))
    v = 1 / sum(g * g * e * (1 - e) for g, e, _ in terms)
    surprise = sum(g * (score - e) for g, e, score in terms)

    def f(x):
        known = phi**2 + v + exp(x)
        return exp(x) * ((v * surprise) ** 2 - known) / (2 * known**2) - (x - log(volatility**2)) / TAU**2

    low, high = -20.0, 5.0  # f falls from the one to the other
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if f(middle) > 0 else (low, middle)
    volatility = exp(low / 2)
    phi = 1 / sqrt(1 / (phi**2 + volatility**2) + 1 / v)
    return (mu + phi**2 * surprise) * SCALE + 1500, phi * SCALE, volatility


def by_the_package(rating, deviation, volatility, games):
    player = Player(rating, deviation, volatility)
    player.update_player(*map(list, zip(*games)))
    return player.rating, player.rd, player.vol


WAYS = {"package": by_the_package, "description": by_the_description}
for name, way in WAYS.items():
    example = way(1500, 200, 0.06, [(1400, 30, 1), (1550, 100, 0), (1700, 300, 0)])
    print("Glickman's example, {}: {:.2f}, deviation {:.2f}, volatility {:.4f}".format(name, *example))
for center in (500, 1500, 2000, 2500):
    for name, way in WAYS.items():
        state = center, 60, 0.06
        for period in range(100):
            state = way(*state, [(center, 50, period % 2)] * 10)
        print("about {}, {}: {:+.0f}, deviation {:.0f}, volatility {:.2f}".format(center, name, state[0] - center, *state[1:]))
PY
env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
Glickman's example, package: 1464.05, deviation 151.52, volatility 0.0600
Glickman's example, description: 1464.05, deviation 151.52, volatility 0.0600
about 500, package: +16, deviation 33, volatility 0.06
about 500, description: +43, deviation 52, volatility 0.16
about 1500, package: +82, deviation 68, volatility 0.30
about 1500, description: +43, deviation 52, volatility 0.16
about 2000, package: +16, deviation 33, volatility 0.06
about 2000, description: +43, deviation 52, volatility 0.16
about 2500, package: +16, deviation 33, volatility 0.06
about 2500, description: +43, deviation 52, volatility 0.16
EXPECTED
echo "as described"
