"""What happens in the shop: an event, the kinds of aggregate it belongs to, and the goods. Values only, no I/O.

Amounts are `Decimal` and stay exact to the byte. Read `world` for who makes events, `codec` for how they are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of aggregate: `name` in the code, its Kafka topic, and its class in the store (None: not stored)."""

    name: str
    topic: str
    class_name: str
    module: str | None


ORDER = Category("order", "shop.orders", "Order", "shop.orders")
PAYMENT = Category("payment", "shop.payments", "Payment", "shop.payments")
STOCK = Category("stock", "shop.inventory", "Stock", "shop.inventory")
SHIPMENT = Category("shipment", "shop.shipments", "Shipment", "shop.shipments")
PRODUCT = Category("product", "shop.prices", "Product", "shop.catalogue")
FRAUD = Category("fraud", "shop.fraud", "Fraud", None)
"""Scores are made by a service of their own that keeps no events: they are in Kafka only."""

CATEGORIES = (ORDER, PAYMENT, STOCK, SHIPMENT, PRODUCT, FRAUD)
TOPICS = tuple(category.topic for category in CATEGORIES)


@dataclass(frozen=True, slots=True)
class Mark:
    """Says that an event belongs to a planted fault, and as what. Kept beside the event, never written into a log."""

    fault: str
    role: str


@dataclass(frozen=True, slots=True)
class ShopEvent:
    """One thing that happened, as the shop means it."""

    at_us: int
    """When it is written; never falls from one event to the next."""
    time_us: int
    """What the clock of the service said: the event's own time."""
    id: str
    category: Category
    stream: str
    version: int
    """From 1 within the stream."""
    kind: str
    """What happened to the aggregate: `Placed`."""
    data: Mapping[str, object]
    """Values are str, int, bool, None, Decimal, and lists and mappings of these."""
    actor: str
    correlation_id: str
    causation_id: str | None = None
    schema_version: int = 1
    mark: Mark | None = None
    redelivery: bool = False
    """Written to Kafka a second time, and not to the store."""
    removed: bool = False
    """Its row was deleted from the store afterwards."""
    garbled: bool = False
    """Its Kafka value was cut off and overwritten on the way."""

    @property
    def type(self) -> str:
        """Its name across the shop, such as `OrderPlaced`."""
        return self.category.class_name + self.kind

    @property
    def takes_row(self) -> bool:
        """It was given a position in the store, though its row may be gone."""
        return self.category.module is not None and not self.redelivery


@dataclass(frozen=True, slots=True)
class Article:
    """Goods on sale. A delivery brings `batch` pieces, ordered once fewer than a quarter of that are free."""

    sku: str
    name: str
    price: Decimal
    batch: int
    popularity: int


def _articles(rows: str) -> tuple[Article, ...]:
    cells = ([cell.strip() for cell in row.split("|")] for row in rows.strip().splitlines())
    return tuple(Article(sku, name, Decimal(price), int(batch), int(popularity)) for sku, name, price, batch, popularity in cells)


ARTICLES = _articles("""
    tea-assam       | Assam tea, 100 g           |   6.90 | 240 | 12
    tea-sencha      | Sencha, 100 g              |   9.80 | 200 |  9
    coffee-house    | House coffee, 500 g        |  12.50 | 400 | 20
    coffee-decaf    | Decaf coffee, 500 g        |  13.20 | 120 |  5
    filter-paper    | Filter papers, 80          |   2.49 | 300 | 11
    mug-blue        | Mug, blue                  |   8.00 | 120 |  6
    mug-white       | Mug, white                 |   8.00 | 120 |  6
    cafetiere       | Cafetière, 1 l             |  34.95 |  60 |  3
    kettle-gooseneck| Gooseneck kettle           |  79.00 |  24 |  2
    grinder-hand    | Hand grinder               |  64.50 |  32 |  2
    scale-01        | Scale, 0.1 g               |  29.90 |  40 |  2
    honey-linden    | Linden honey, 250 g        |   7.35 |  80 |  4
    biscuit-oat     | Oat biscuits               |   3.15 | 260 | 10
    chocolate-72    | Chocolate, 72 %            |   4.20 | 280 | 13
    chocolate-milk  | Milk chocolate             |   3.80 | 280 | 11
    syrup-vanilla   | Vanilla syrup              |   8.95 |  60 |  3
    cup-espresso    | Espresso cups, 2           |  18.40 |  48 |  3
    tray-oak        | Oak tray                   |  42.00 |  20 |  1
    tin-large       | Tea tin, large             |  11.00 |  48 |  2
    tin-small       | Tea tin, small             |   7.50 |  64 |  2
    spoon-brass     | Brass spoon                |   9.99 |  48 |  2
    voucher-50      | Gift voucher               |  50.00 | 600 |  4
""")
VOUCHER = ARTICLES[-1]
COLLECTORS_ITEM = Article("teapot-1926", "Teapot, 1926, one of a kind", Decimal("410.00"), 1, 0)
"""There is one, and no more will be delivered."""
