"""Pools of names and places from Faker, a country each; rows pick from them, so that Faker is asked only so often."""

from __future__ import annotations

LOCALES = {
    "Brazil": "pt_BR", "France": "fr_FR", "Germany": "de_DE", "Italy": "it_IT", "Mexico": "es_MX",
    "Netherlands": "nl_NL", "Poland": "pl_PL", "United States": "en_US",
}  # fmt: skip
POOL = {"first name": 150, "last name": 300, "street": 120, "city": 30}


def pools(seed: int) -> list[tuple[str, str, list[str]]]:
    """Country, kind and words of each pool; the same for the same seed and version of Faker.

    Raises:
        ValueError: Faker is not installed; the message says how to.
    """
    try:
        from faker import Faker
    except ModuleNotFoundError as error:
        raise ValueError("names come from Faker, which is not installed: pip install 'retail-assets[shop]'") from error
    found = []
    for country, locale in LOCALES.items():
        faker = Faker(locale)
        faker.seed_instance(seed)
        makers = {
            "first name": faker.first_name, "last name": faker.last_name, "street": faker.street_name,
            "city": faker.city,
        }  # fmt: skip
        for kind, size in POOL.items():
            words = dict.fromkeys(makers[kind]() for _ in range(size))
            found.append((country, kind, list(words)))
    return found
