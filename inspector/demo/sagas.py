"""An order as a saga: stock is reserved, fraud scored, payment taken, a courier sent; what fails is compensated.

Five services act: checkout, inventory, payments, fraud, dispatch. Read `world` for how a process waits and emits,
`faults` for the three ways in which a saga here may go wrong.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from inspector.demo.customers import Customer
from inspector.demo.faults import OVERSELL, STUCK, UNCOMPENSATED, Fault
from inspector.demo.model import COLLECTORS_ITEM, FRAUD, ORDER, PAYMENT, SHIPMENT, STOCK, Mark, ShopEvent
from inspector.demo.world import Process, Shelf, World

CURRENCY = "EUR"
_REFUSED_FROM = Decimal("0.9000")
"""A fraud score that stops a payment."""

Steps = Generator[float, None, bool]
"""A part of a saga: yields waits like a process and returns whether it went well."""


@dataclass(frozen=True, slots=True)
class Line:
    """So many pieces of one article, at the price of the moment."""

    shelf: Shelf
    quantity: int
    unit_price: Decimal


@dataclass(slots=True)
class Order:
    """One order in the making. `fraud` marks one of the burst; `fault` is what is going to go wrong with it."""

    number: int
    customer: Customer
    lines: list[Line]
    channel: str = "web"
    fraud: bool = False
    fault: Fault | None = None
    reserved: list[Line] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The order's stream, such as `order-104711`."""
        return f"order-{self.number}"

    @property
    def payment_id(self) -> str:
        """Its payment's stream."""
        return f"payment-{self.number}"

    @property
    def shipment_id(self) -> str:
        """Its shipment's stream."""
        return f"shipment-{self.number}"

    @property
    def total(self) -> Decimal:
        """What the lines cost together."""
        return sum((line.unit_price * line.quantity for line in self.lines), Decimal("0.00"))

    def mark(self, role: str = "saga") -> Mark | None:
        """The mark of its fault, in this role; None when nothing is wrong with it."""
        return Mark(self.fault.name, role) if self.fault else None


def order_saga(world: World, order: Order) -> Process:
    """The whole life of `order`; compensates what was done when a step fails."""
    placed = _placed(world, order)
    if order.fault is OVERSELL:
        world.redeliver(placed, Mark(OVERSELL.name, "duplicate"))
    yield world.seconds(0.05, 0.4)
    if not (yield from _reserve(world, order, placed)):
        yield from _release(world, order, placed)
        _cancel(world, order, placed, "out of stock")
        return
    _claim(world, order)
    requested = _requested(world, order, placed)
    failure = yield from _authorise(world, order, requested)
    if failure:
        yield world.seconds(0.1, 0.6)
        if order.fault is not UNCOMPENSATED:
            yield from _release(world, order, failure)
        _cancel(world, order, failure, "payment failed")
        return
    yield from _ship(world, order, placed)


def _claim(world: World, order: Order) -> None:
    """Lets a fault that is due and strikes a saga in its middle have this order."""
    if order.fraud or order.fault:
        return
    order.fault = next((fault for fault in (STUCK, UNCOMPENSATED) if world.plants.strike(fault, world.now_us)), None)


def _placed(world: World, order: Order) -> ShopEvent:
    schema_version = _order_schema(world)
    return world.emit(
        ORDER, order.id, "Placed", _order_data(order, schema_version),
        actor="checkout", schema_version=schema_version, mark=order.mark("original"),
    )  # fmt: skip


def _order_schema(world: World) -> int:
    """Which release of the checkout takes the order: 1 to 3, each rolled out while the one before still runs."""
    spread = world.rng.random() * 0.08
    return 1 + (world.progress() > 0.30 + spread) + (world.progress() > 0.70 + spread)


def _order_data(order: Order, schema_version: int) -> Mapping[str, object]:
    """What `OrderPlaced` says: flat in version 1; customer and prices added in 2; money as objects in 3."""
    base = {"order_id": order.id, "status": "placed"}
    if schema_version == 1:
        items = [{"sku": line.shelf.article.sku, "qty": line.quantity} for line in order.lines]
        return base | {"customer": order.customer.name, "items": items, "total": order.total, "currency": CURRENCY}
    who = {"id": order.customer.id, "name": order.customer.name}
    if schema_version == 2:
        items = [{"sku": line.shelf.article.sku, "qty": line.quantity, "unit_price": line.unit_price} for line in order.lines]
        return base | {"customer": who, "items": items, "total": order.total, "currency": CURRENCY}
    lines = [{"sku": line.shelf.article.sku, "quantity": line.quantity, "unit_price": _money(line.unit_price)} for line in order.lines]
    return base | {"customer": who, "lines": lines, "total": _money(order.total), "channel": order.channel}


def _money(amount: Decimal) -> Mapping[str, object]:
    return {"amount": amount, "currency": CURRENCY}


def _reserve(world: World, order: Order, placed: ShopEvent) -> Steps:
    for line in order.lines:
        if line.shelf.available < line.quantity:
            _stock(world, order, line, "Rejected", placed, quantity=line.quantity)
            return False
        line.shelf.reserved += line.quantity
        order.reserved.append(line)
        _stock(world, order, line, "Reserved", placed, quantity=line.quantity, role="reserved")
        if order.fault is OVERSELL:  # the inventory service takes the duplicate for a second order
            yield world.seconds(0.02, 0.08)
            line.shelf.reserved += line.quantity
            _stock(world, order, line, "Reserved", placed, quantity=line.quantity, role="oversold")
        yield world.seconds(0.02, 0.2)
    return True


def _release(world: World, order: Order, cause: ShopEvent) -> Steps:
    for line in order.reserved:
        line.shelf.reserved -= line.quantity
        _stock(world, order, line, "Released", cause, quantity=line.quantity)
        yield world.seconds(0.02, 0.2)
    return True


def _stock(world: World, order: Order, line: Line, kind: str, cause: ShopEvent, *, quantity: int, role: str = "saga") -> None:
    shelf = line.shelf
    data = {
        "sku": shelf.article.sku, "order_id": order.id, "quantity": quantity,
        "on_hand": shelf.on_hand, "reserved": shelf.reserved, "available": shelf.available,
    }  # fmt: skip
    world.emit(STOCK, f"stock-{shelf.article.sku}", kind, data, actor="inventory", cause=cause, mark=order.mark(role))


def _requested(world: World, order: Order, placed: ShopEvent) -> ShopEvent:
    data = {
        "payment_id": order.payment_id, "order_id": order.id, "customer_id": order.customer.id, "card": order.customer.card,
        "amount": order.total, "currency": CURRENCY, "status": "requested",
    }  # fmt: skip
    return world.emit(PAYMENT, order.payment_id, "Requested", data, actor="payments", cause=placed, mark=order.mark())


def _authorise(world: World, order: Order, requested: ShopEvent) -> Generator[float, None, ShopEvent | None]:
    """Scores and authorises the payment; gives the failure, or None when it went well."""
    yield world.seconds(0.08, 0.5)
    scored, score = _score(world, order, requested)
    yield world.seconds(0.2, 1.8)
    if order.fault is UNCOMPENSATED or score >= _REFUSED_FROM or (not order.fault and world.rng.random() < 0.04):
        reason = "fraud suspected" if score >= _REFUSED_FROM else world.rng.choice(("card declined", "card expired", "limit exceeded"))
        return _payment(world, order, "Failed", scored, status="failed", reason=reason, role="failure")
    _payment(world, order, "Authorized", scored, status="authorized", authorization=f"{world.rng.getrandbits(32):08X}")
    return None


def _score(world: World, order: Order, requested: ShopEvent) -> tuple[ShopEvent, Decimal]:
    low, high = (8_700, 9_999) if order.fraud else (0, 6_500)
    score = Decimal(world.rng.randint(low, high)).scaleb(-4)
    if not order.fraud and not order.fault and world.rng.random() < 0.003:
        score = Decimal("0.9104")
    verdict = "refuse" if score >= _REFUSED_FROM else "review" if score >= Decimal("0.6") else "accept"
    data = {
        "payment_id": order.payment_id, "order_id": order.id, "card": order.customer.card,
        "amount": order.total, "score": score, "verdict": verdict, "model": "gradient-7",
    }  # fmt: skip
    return world.emit(FRAUD, order.payment_id, "Scored", data, actor="fraud", cause=requested, mark=order.mark("scored")), score


def _payment(world: World, order: Order, kind: str, cause: ShopEvent, *, role: str = "saga", **said: object) -> ShopEvent:
    data = {"payment_id": order.payment_id, "order_id": order.id, **said}
    return world.emit(PAYMENT, order.payment_id, kind, data, actor="payments", cause=cause, mark=order.mark(role))


def _order(world: World, order: Order, kind: str, cause: ShopEvent, *, role: str = "saga", **said: object) -> ShopEvent:
    data = {"order_id": order.id, **said}
    return world.emit(ORDER, order.id, kind, data, actor="checkout", cause=cause, mark=order.mark(role))


def _cancel(world: World, order: Order, cause: ShopEvent, reason: str) -> None:
    _order(world, order, "Cancelled", cause, status="cancelled", reason=reason, role="last")


def _shipment(world: World, order: Order, kind: str, cause: ShopEvent, *, role: str = "saga", **said: object) -> ShopEvent:
    data = {"shipment_id": order.shipment_id, "order_id": order.id, **said}
    return world.emit(SHIPMENT, order.shipment_id, kind, data, actor="dispatch", cause=cause, mark=order.mark(role))


def _ship(world: World, order: Order, placed: ShopEvent) -> Steps:
    """Confirms, packs, sends and delivers; a parcel that comes back is refunded."""
    confirmed = _order(world, order, "Confirmed", placed, status="confirmed")
    yield world.seconds(0.5, 4)
    address = {"street": order.customer.street, "city": order.customer.city}
    role = "last" if order.fault is STUCK else "saga"
    requested = _shipment(world, order, "Requested", confirmed, status="requested", address=address, role=role)
    if order.fault is STUCK:
        return False
    yield world.seconds(5, 60)
    yield from _pick(world, order, requested)
    courier = f"courier-{world.rng.randint(1, 14):02}"
    dispatched = _shipment(world, order, "Dispatched", requested, status="dispatched", courier=courier, weight_kg=_weight(order))
    yield world.seconds(0.3, 2)
    fee = (order.total * Decimal("0.014") + Decimal("0.25")).quantize(Decimal("0.00001"))
    _payment(world, order, "Captured", dispatched, status="captured", amount=order.total, fee=fee)
    yield world.seconds(300, 2_400)
    if world.rng.random() < 0.01 and not order.fault:
        return (yield from _bring_back(world, order, dispatched))
    delivered = _shipment(world, order, "Delivered", dispatched, status="delivered", signed_by=order.customer.name.split()[0])
    yield world.seconds(0.1, 1)
    _order(world, order, "Completed", delivered, status="completed", role="last")
    return True


def _weight(order: Order) -> Decimal:
    return (Decimal("0.180") + sum((line.quantity for line in order.lines), 0) * Decimal("0.325")).quantize(Decimal("0.001"))


def _pick(world: World, order: Order, cause: ShopEvent) -> Steps:
    for line in order.lines:
        line.shelf.reserved -= line.quantity
        line.shelf.on_hand -= line.quantity
        _stock(world, order, line, "Picked", cause, quantity=line.quantity)
        yield world.seconds(1, 8)
    return True


def _bring_back(world: World, order: Order, dispatched: ShopEvent) -> Steps:
    failed = _shipment(world, order, "Failed", dispatched, status="failed", reason="nobody at the address")
    yield world.seconds(60, 900)
    for line in order.lines:
        line.shelf.on_hand += line.quantity
        _stock(world, order, line, "Returned", failed, quantity=line.quantity)
        yield world.seconds(1, 4)
    _payment(world, order, "Refunded", failed, status="refunded", amount=order.total)
    yield world.seconds(0.1, 1)
    _cancel(world, order, failed, "could not be delivered")
    return True


def last_pieces(world: World, customer: Customer) -> Order:
    """The order that the duplicate hits: the one piece there is of the collector's item."""
    shelf = world.shelves[COLLECTORS_ITEM.sku]
    return Order(world.new_order_number(), customer, [Line(shelf, 1, shelf.price)], fault=OVERSELL)
