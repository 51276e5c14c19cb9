"""The seven services: orders are placed, billed, shipped, booked and notified."""

from __future__ import annotations

import secrets
import socket
import time

from agentdash.demo.services.health import serve_health
from agentdash.demo.services.service import DemoService, Fields

POISON_FIRST = 10.0
"""Seconds until the api publishes the first order that billing cannot handle."""

POISON_EVERY = 100.0
LEDGER_SLOW = 240.0
LEDGER_CATCHES_UP = 120.0
CATALOGUE = 15_000
"""Products ranked with each update: a few milliseconds of CPU time."""


def api(service: DemoService) -> None:
    """Publishes orders of simulated visitors, and serves HTTP health checks."""
    port = serve_health(service.root, service.name)
    service.write_log(f"listening on 127.0.0.1:{port}")
    poison_at = time.monotonic() + POISON_FIRST
    number = 1000
    while True:
        time.sleep(service.interval(0.25))
        number += 1
        corr = secrets.token_hex(4)
        poisoned = time.monotonic() >= poison_at
        if poisoned:
            poison_at = time.monotonic() + service.interval(POISON_EVERY, 0)
        items = 0 if poisoned else service.random.randint(1, 5)
        total = service.random.randint(900, 12_900)
        service.publish("orders", orderId=f"o-{number}", items=items, totalCents=total, correlationId=corr)
        service.publish("audit-events", what="order.placed", subject=f"o-{number}", correlationId=corr)
        if service.random.random() < 0.5:
            service.publish("clicks", page=service.random.choice(PAGES), correlationId=corr)
        duration = service.random.randint(3, 30)
        service.write_log("POST /orders 201", corr=corr, orderId=f"o-{number}", responseTime=duration)
        if service.random.random() < 0.02:
            service.write_log(f"GET /orders?token={secrets.token_hex(16)} 401", level="WARN", corr=corr)


PAGES = ("/", "/shoes", "/bags", "/checkout", "/returns")


def billing(service: DemoService) -> None:
    """Charges orders. An order without items is a division by zero that crashes the process."""
    left = service.unfinished("orders")

    def charge(entry_id: str, order: Fields) -> None:
        corr = order.get("correlationId")
        if entry_id in left and order.get("items") == "0":
            service.write_log(f"gave up on orders {entry_id}", level="WARN", corr=corr)
            service.ack("orders", entry_id)
            return
        each = int(order["totalCents"]) // int(order["items"])
        service.publish(
            "payments", orderId=order["orderId"], amountCents=order["totalCents"], correlationId=corr
        )
        service.ack("orders", entry_id)
        service.write_log(f"charged {order['orderId']} at {each} a piece", corr=corr)

    service.consume("orders", charge)


def shipping(service: DemoService) -> None:
    """Ships orders and lowers the stock."""

    def ship(entry_id: str, order: Fields) -> None:
        corr = order.get("correlationId")
        service.publish("shipments", orderId=order["orderId"], carrier="dhl", correlationId=corr)
        service.publish(
            "stock-updates", sku=f"sku-{service.random.randint(1, 40)}", change=-1, correlationId=corr
        )
        service.ack("orders", entry_id)
        service.write_log(f"acked orders {entry_id}", corr=corr)

    service.consume("orders", ship)


def ledger(service: DemoService) -> None:
    """Books payments one by one, for minutes slower than they arrive; then it catches up."""

    def book(entry_id: str, payment: Fields) -> None:
        slow = (time.monotonic() - service.began) % (LEDGER_SLOW + LEDGER_CATCHES_UP) < LEDGER_SLOW
        time.sleep(service.interval(1.0 if slow else 0.1, 0.1))
        service.ack("payments", entry_id)
        duration = "900ms" if slow else "90ms"
        service.write_log(
            f"booked {payment.get('orderId')}", corr=payment.get("correlationId"), duration=duration
        )

    service.consume("payments", book, count=1)


def notifier(service: DemoService) -> None:
    """Requests an e-mail for every fourth shipment."""

    def notify(entry_id: str, shipment: Fields) -> None:
        corr = shipment.get("correlationId")
        if service.random.random() < 0.25:
            service.publish("emails", to="customer", template="shipped", correlationId=corr)
            service.write_log(f"queued e-mail for {shipment.get('orderId')}", corr=corr)
        service.ack("shipments", entry_id)

    service.consume("shipments", notify)


def indexer(service: DemoService) -> None:
    """Updates the search index with the stock and ranks the whole catalogue; always healthy."""
    catalogue = [service.random.random() for _ in range(CATALOGUE)]
    done = 0

    def index(entry_id: str, update: Fields) -> None:
        nonlocal done
        done += 1
        catalogue[service.random.randrange(CATALOGUE)] = service.random.random()
        ranked = sorted(catalogue, reverse=True)
        service.ack("stock-updates", entry_id)
        if done % 10 == 0:
            service.write_log(
                f"indexed {done} updates",
                corr=update.get("correlationId"),
                sku=update.get("sku"),
                lead=round(ranked[0] - ranked[1], 6),
            )

    service.consume("stock-updates", index)


def mailer(service: DemoService) -> None:
    """Sends e-mails until its relay stops responding, on the third; then it blocks without a timeout.

    Its entries stay pending, and later ones are not read: the fault that it demonstrates.
    """
    relay, _silent = socket.socketpair()
    sent = 0

    def send(entry_id: str, email: Fields) -> None:
        nonlocal sent
        corr = email.get("correlationId")
        service.write_log(f"sending {email.get('template')}", corr=corr, relay="smtp")
        if sent == 2:
            relay.recv(1)
        sent += 1
        service.ack("emails", entry_id)

    service.consume("emails", send, count=5)  # so that three stay pending


SERVICES = {
    "api": api,
    "billing": billing,
    "shipping": shipping,
    "ledger": ledger,
    "notifier": notifier,
    "indexer": indexer,
    "mailer": mailer,
}
