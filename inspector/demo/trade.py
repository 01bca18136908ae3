"""The shop beside its orders: opening stock, deliveries, price changes, goods taken off sale, and who comes to buy.

Each is a process of the `world`. Read `sagas` for what an order sets off.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal

from inspector.demo.customers import Customer, customers, fraudster
from inspector.demo.day import DAY_US, SECOND_US, Pace
from inspector.demo.faults import FRAUD_BURST, OVERSELL
from inspector.demo.model import ARTICLES, PRODUCT, STOCK, VOUCHER, ShopEvent
from inspector.demo.sagas import CURRENCY, Line, Order, last_pieces, order_saga
from inspector.demo.world import Process, Shelf, World

_BURST_ORDERS = 36
_PRICE_CHANGES_A_DAY = 60


def open_shop(world: World, pace: Pace) -> Process:
    """Fills the shelves, sets the prices, and starts everything else; `pace` is that of the orders."""
    for shelf in world.shelves.values():
        _priced(world, shelf, None)
        yield 0.01
        _received(world, shelf)
        yield 0.01
    buyers = customers(world.rng)
    world.start(_arrivals(world, pace, buyers))
    world.start(_prices(world))
    oversell_us, burst_us = world.plants.due_us(OVERSELL), world.plants.due_us(FRAUD_BURST)
    if oversell_us is not None:
        world.start(_collector(world, buyers), after_s=(oversell_us - world.now_us) / SECOND_US)
    if burst_us is not None:
        world.start(_burst(world), after_s=(burst_us - world.now_us) / SECOND_US)


def _arrivals(world: World, pace: Pace, buyers: Sequence[Customer]) -> Process:
    chance = random.Random(world.rng.getrandbits(64))  # of its own: the rate of the live part leaves the history as it is
    while (next_us := pace.next_arrival_us(chance, world.now_us)) is not None:
        yield (next_us - world.now_us) / SECOND_US
        world.start(order_saga(world, _basket(world, world.rng.choice(buyers))))


def _basket(world: World, customer: Customer) -> Order:
    wanted = world.rng.choices(ARTICLES, [article.popularity for article in ARTICLES], k=world.rng.choice((1, 1, 1, 2, 2, 3)))
    lines = []
    for sku in dict.fromkeys(article.sku for article in wanted):
        shelf = world.shelves[sku]
        seen = shelf.listed and (shelf.available > 2 or world.rng.random() < 0.15)  # some pages are out of date
        quantity = world.rng.choice((1, 1, 1, 1, 2, 2, 3))
        if seen:
            lines.append(Line(shelf, quantity, shelf.price))
    order = Order(world.new_order_number(), customer, lines or [_something(world)])
    order.channel = world.rng.choice(("web", "web", "app", "app", "app", "counter"))
    for line in order.lines:
        _watch(world, line.shelf)
    return order


def _something(world: World) -> Line:
    """What is bought when all else is sold out."""
    shelf = world.shelves[VOUCHER.sku]
    return Line(shelf, 1, shelf.price)


def _watch(world: World, shelf: Shelf) -> None:
    """Orders a delivery when little is left."""
    if not shelf.on_order and shelf.available * 4 < shelf.article.batch:
        shelf.on_order = True
        world.start(_delivery(world, shelf), after_s=world.seconds(20, 120))


def _delivery(world: World, shelf: Shelf) -> Process:
    _received(world, shelf)
    shelf.on_order = False
    yield from ()


def _received(world: World, shelf: Shelf) -> ShopEvent:
    shelf.on_hand += shelf.article.batch
    data = {
        "sku": shelf.article.sku, "quantity": shelf.article.batch,
        "on_hand": shelf.on_hand, "reserved": shelf.reserved, "available": shelf.available,
    }  # fmt: skip
    return world.emit(STOCK, f"stock-{shelf.article.sku}", "Received", data, actor="inventory")


def _priced(world: World, shelf: Shelf, previous: Decimal | None) -> ShopEvent:
    data = {
        "sku": shelf.article.sku, "name": shelf.article.name,
        "price": shelf.price, "previous_price": previous, "currency": CURRENCY,
    }  # fmt: skip
    return world.emit(PRODUCT, f"product-{shelf.article.sku}", "Priced", data, actor="catalogue")


def _prices(world: World) -> Process:
    """Prices go up and down by a few percent; now and then an article is off sale for a while."""
    mean_s = DAY_US / SECOND_US / _PRICE_CHANGES_A_DAY
    while True:
        yield 1 + world.rng.expovariate(1 / mean_s)
        shelf = world.shelves[world.rng.choice(ARTICLES[:-1]).sku]
        if not shelf.listed:
            continue
        if world.rng.random() < 0.12:
            world.start(_off_sale(world, shelf))
            continue
        previous = shelf.price
        factor = Decimal(world.rng.randint(92, 108)).scaleb(-2)
        shelf.price = (shelf.article.price * factor).quantize(Decimal("0.01"))
        _priced(world, shelf, previous)


def _off_sale(world: World, shelf: Shelf) -> Process:
    shelf.listed = False
    data = {"sku": shelf.article.sku, "reason": world.rng.choice(("season over", "supplier changed", "recall"))}
    world.emit(PRODUCT, f"product-{shelf.article.sku}", "Delisted", data, actor="catalogue")
    yield world.seconds(600, 7_200)
    shelf.listed = True
    _priced(world, shelf, shelf.price)


def _collector(world: World, buyers: Sequence[Customer]) -> Process:
    if world.plants.strike(OVERSELL, world.now_us):
        world.start(order_saga(world, last_pieces(world, world.rng.choice(buyers))))
    yield from ()


def _burst(world: World) -> Process:
    world.plants.strike(FRAUD_BURST, world.now_us)
    thief, shelf = fraudster(world.rng), world.shelves[VOUCHER.sku]
    for _ in range(_BURST_ORDERS):
        order = Order(world.new_order_number(), thief, [Line(shelf, 1, shelf.price)], fraud=True, fault=FRAUD_BURST)
        _watch(world, shelf)
        world.start(order_saga(world, order))
        yield world.seconds(0.5, 5.5)
