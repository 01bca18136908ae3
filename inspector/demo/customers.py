"""The shop's customers, invented, with names that many alphabets write. No I/O, no real person.

Read `sagas` for what they order.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

# fmt: off
_FIRST = (
    "Ada", "Zoë", "Łukasz", "İpek", "Søren", "Chloé", "Mürüvet", "Ngọc",
    "Дарья", "Ελένη", "美咲", "Ana", "Björn", "Tomáš", "Noor", "אורי",
)
_LAST = (
    "Nowak", "Ødegård", "Okafor", "Núñez", "O'Leary", "Müller", "Șerban",
    "Kim", "Dvořák", "Haddad", "佐藤", "Rossi", "Åkesson", "Silva",
)
# fmt: on
_STREETS = ("Hafenstraße", "Quay Street", "Rue des Lilas", "Calle Mayor", "Lindenweg", "Mill Lane", "Via Roma")
_CITIES = ("Northport", "Old Town", "Riverside", "Hillside")


@dataclass(frozen=True, slots=True)
class Customer:
    """Who orders. `card` is a token, not a number."""

    id: str
    name: str
    card: str
    street: str
    city: str


def customers(rng: random.Random, count: int = 400) -> list[Customer]:
    """`count` customers, made with `rng`."""
    return [_customer(rng, f"customer-{number:04}") for number in range(1, count + 1)]


def fraudster(rng: random.Random) -> Customer:
    """The one behind the burst."""
    return _customer(rng, "customer-9999")


def _customer(rng: random.Random, name_id: str) -> Customer:
    return Customer(
        id=name_id,
        name=f"{rng.choice(_FIRST)} {rng.choice(_LAST)}",
        card=f"card_{rng.getrandbits(48):012x}",
        street=f"{rng.choice(_STREETS)} {rng.randint(1, 120)}",
        city=rng.choice(_CITIES),
    )
