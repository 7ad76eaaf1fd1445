"""The colours of dashboard and report: contrast after WCAG 2.2, and lines that the colour-blind tell apart."""

from __future__ import annotations

import re
import tomllib
from itertools import combinations, product
from pathlib import Path

import pytest

from retail_assets.dashboard.keys import MOST_CHOSEN

PACKAGE = Path(__file__).parents[2] / "retail_assets"
THEMES = tomllib.loads((PACKAGE / "dashboard" / ".streamlit" / "config.toml").read_text())["theme"]
STYLE = (PACKAGE / "report" / "style.css").read_text()
TEXT, GRAPHICS = 4.5, 3.0
"""What WCAG 2.2 asks at level AA of text (1.4.3) and of what is drawn (1.4.11)."""
LEAST_DISTANCE = 15
"""In CIE L*a*b*; 2.3 is just noticeable, side by side and large."""
SIGHTS = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "deuteranopia": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "tritanopia": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}
"""How colours (linear RGB) look without one kind of cones: Machado, Oliveira and Fernandes, 2009."""
Triple = tuple[float, float, float]


def linear(colour: str) -> Triple:
    digits = colour.removeprefix("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def lab(colour: str, sight: str) -> Triple:
    rgb = linear(colour)
    red, green, blue = (
        min(1.0, max(0.0, sum(factor * part for factor, part in zip(row, rgb, strict=True)))) for row in SIGHTS[sight]
    )
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def distance(one: str, other: str, sight: str) -> float:
    pairs = zip(lab(one, sight), lab(other, sight), strict=True)
    return float(sum((left - right) ** 2 for left, right in pairs) ** 0.5)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_dashboard_can_be_read(name: str) -> None:
    theme = THEMES[name]
    grounds = (theme["backgroundColor"], theme["secondaryBackgroundColor"])

    for colour, ground in product(("textColor", "linkColor", "greenColor", "redColor"), grounds):
        assert contrast(theme[colour], ground) >= TEXT, (colour, ground)
    for drawn, ground in product([theme["primaryColor"], *theme["chartCategoricalColors"]], grounds[:1]):
        assert contrast(drawn, ground) >= GRAPHICS, (drawn, ground)


@pytest.mark.parametrize(("name", "sight"), list(product(["light", "dark"], SIGHTS)))
def test_lines_are_told_apart_by_any_eyes(name: str, sight: str) -> None:
    lines = THEMES[name]["chartCategoricalColors"][:MOST_CHOSEN]

    for one, other in combinations(lines, 2):
        assert distance(one, other, sight) >= LEAST_DISTANCE, (one, other)


@pytest.mark.parametrize("number", range(3), ids=["light", "dark", "print"])
def test_the_report_can_be_read(number: int) -> None:
    block = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[number]
    colours = dict(re.findall(r"--(\w+): (#\w+)", block))

    for name, ground in product(("ink", "soft", "good", "bad"), ("paper", "panel")):
        assert contrast(colours[name], colours[ground]) >= TEXT, (name, ground)
    assert contrast(colours["less"], colours["paper"]) >= TEXT
    assert contrast(colours["data"], colours["paper"]) >= GRAPHICS
