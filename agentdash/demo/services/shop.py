"""What the seven services do. Together: orders come in, are billed, shipped and told about."""

from __future__ import annotations

import secrets
import socket
import time

from agentdash.demo.services.health import serve_health
from agentdash.demo.services.kit import Fields, Service

POISON_FIRST = 10.0
"""Seconds until the api lets the first order through that billing cannot handle."""

POISON_EVERY = 100.0
LEDGER_SLOW = 240.0
LEDGER_CATCHES_UP = 120.0
CATALOGUE = 15_000
"""Products that are ranked with each update: a few milliseconds of work."""


def api(service: Service) -> None:
    """Takes orders from its (simulated) visitors, publishes them, and answers HTTP health checks."""
    port = serve_health(service.root, service.name)
    service.say(f"listening on 127.0.0.1:{port}")
    poison_at = time.monotonic() + POISON_FIRST
    number = 1000
    while True:
        time.sleep(service.pulse(0.25))
        number += 1
        corr = secrets.token_hex(4)
        poisoned = time.monotonic() >= poison_at
        if poisoned:
            poison_at = time.monotonic() + service.pulse(POISON_EVERY, 0)
        items = 0 if poisoned else service.dice.randint(1, 5)
        total = service.dice.randint(900, 12_900)
        service.publish("orders", orderId=f"o-{number}", items=items, totalCents=total, correlationId=corr)
        service.publish("audit-events", what="order.placed", subject=f"o-{number}", correlationId=corr)
        if service.dice.random() < 0.5:
            service.publish("clicks", page=service.dice.choice(PAGES), correlationId=corr)
        took = service.dice.randint(3, 30)
        service.say("POST /orders 201", corr=corr, orderId=f"o-{number}", responseTime=took)
        if service.dice.random() < 0.02:
            service.say(f"GET /orders?token={secrets.token_hex(16)} 401", level="WARN", corr=corr)


PAGES = ("/", "/shoes", "/bags", "/checkout", "/returns")


def billing(service: Service) -> None:
    """Charges orders. An order without items is a division by zero that takes the whole process down."""
    left = service.unfinished("orders")

    def charge(entry_id: str, order: Fields) -> None:
        corr = order.get("correlationId")
        if entry_id in left and order.get("items") == "0":
            service.say(f"gave up on orders {entry_id}", level="WARN", corr=corr)
            service.ack("orders", entry_id)
            return
        each = int(order["totalCents"]) // int(order["items"])
        service.publish(
            "payments", orderId=order["orderId"], amountCents=order["totalCents"], correlationId=corr
        )
        service.ack("orders", entry_id)
        service.say(f"charged {order['orderId']} at {each} a piece", corr=corr)

    service.consume("orders", charge)


def shipping(service: Service) -> None:
    """Ships orders and lowers the stock."""

    def ship(entry_id: str, order: Fields) -> None:
        corr = order.get("correlationId")
        service.publish("shipments", orderId=order["orderId"], carrier="dhl", correlationId=corr)
        service.publish(
            "stock-updates", sku=f"sku-{service.dice.randint(1, 40)}", change=-1, correlationId=corr
        )
        service.ack("orders", entry_id)
        service.say(f"acked orders {entry_id}", corr=corr)

    service.consume("orders", ship)


def ledger(service: Service) -> None:
    """Books payments one by one, for minutes slower than they come; then it catches up for a while."""

    def book(entry_id: str, payment: Fields) -> None:
        slow = (time.monotonic() - service.began) % (LEDGER_SLOW + LEDGER_CATCHES_UP) < LEDGER_SLOW
        time.sleep(service.pulse(1.0 if slow else 0.1, 0.1))
        service.ack("payments", entry_id)
        took = "900ms" if slow else "90ms"
        service.say(f"booked {payment.get('orderId')}", corr=payment.get("correlationId"), took=took)

    service.consume("payments", book, count=1)


def notifier(service: Service) -> None:
    """Asks for an e-mail for every fourth shipment."""

    def notify(entry_id: str, shipment: Fields) -> None:
        corr = shipment.get("correlationId")
        if service.dice.random() < 0.25:
            service.publish("emails", to="customer", template="shipped", correlationId=corr)
            service.say(f"queued e-mail for {shipment.get('orderId')}", corr=corr)
        service.ack("shipments", entry_id)

    service.consume("shipments", notify)


def indexer(service: Service) -> None:
    """Keeps the search index in step with the stock, ranking the whole catalogue anew; the healthy one."""
    catalogue = [service.dice.random() for _ in range(CATALOGUE)]
    done = 0

    def index(entry_id: str, update: Fields) -> None:
        nonlocal done
        done += 1
        catalogue[service.dice.randrange(CATALOGUE)] = service.dice.random()
        ranked = sorted(catalogue, reverse=True)
        service.ack("stock-updates", entry_id)
        if done % 10 == 0:
            service.say(
                f"indexed {done} updates",
                corr=update.get("correlationId"),
                sku=update.get("sku"),
                lead=round(ranked[0] - ranked[1], 6),
            )

    service.consume("stock-updates", index)


def mailer(service: Service) -> None:
    """Sends e-mails until its relay stops answering, on the third; then it waits without a time limit.

    What it was given stays pending, and what comes after is not read: the fault that it is there to show.
    """
    relay, _silent = socket.socketpair()
    sent = 0

    def send(entry_id: str, email: Fields) -> None:
        nonlocal sent
        corr = email.get("correlationId")
        service.say(f"sending {email.get('template')}", corr=corr, relay="smtp")
        if sent == 2:
            relay.recv(1)
        sent += 1
        service.ack("emails", entry_id)

    service.consume("emails", send, count=5)  # so three hang, however many wait when it begins


SERVICES = {
    "api": api,
    "billing": billing,
    "shipping": shipping,
    "ledger": ledger,
    "notifier": notifier,
    "indexer": indexer,
    "mailer": mailer,
}
