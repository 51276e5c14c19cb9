"""What the repositories of the demo hold: small projects whose tests really run."""

from __future__ import annotations

IGNORE = "__pycache__/\n*.pyc\n"

WEB = {
    ".gitignore": IGNORE,
    "README.md": "# web\n\nThe shop's front door: sessions and tokens.\n",
    "src/auth/__init__.py": "",
    "src/auth/token.py": '''\
"""Session tokens: plain records with a time to live."""

TTL_S = 900


def expired(issued_s, now_s):
    """Whether a token has outlived its time."""
    return now_s - issued_s >= TTL_S
''',
    "tests/__init__.py": "",
    "tests/test_token.py": """\
import unittest

from src.auth import token


class Token(unittest.TestCase):
    def test_young_token_lives(self):
        self.assertFalse(token.expired(0, 899))

    def test_old_token_is_expired(self):
        self.assertTrue(token.expired(0, 900))
""",
}

CLI = {
    ".gitignore": IGNORE,
    "README.md": "# cli\n\nThe command line of the shop's operators.\n",
    "cli/__init__.py": "",
    "cli/parser.py": '''\
"""Options as they are written on a command line."""


def parse(words):
    """Split *words* into options (``--name=value``, ``--name``) and the rest."""
    options, rest = {}, []
    for word in words:
        if word.startswith("--"):
            name, _, value = word[2:].partition("=")
            options[name] = value or True
        else:
            rest.append(word)
    return options, rest
''',
    "tests/__init__.py": "",
    "tests/test_parser.py": """\
import unittest

from cli import parser


class Parser(unittest.TestCase):
    def test_words_are_kept_in_order(self):
        self.assertEqual(parser.parse(["b", "a"])[1], ["b", "a"])


def _case(name, value):
    def test(self):
        self.assertEqual(parser.parse([f"--{name}={value}"])[0], {name: value})

    return test


for number in range(36):
    setattr(Parser, f"test_option_{number}", _case(f"option-{number}", str(number * 7 + 1)))
""",
}

ORDERS = {
    ".gitignore": IGNORE,
    "README.md": "# orders\n\nThe orders' database, and how it came to be.\n",
    "requirements.txt": "psycopg==3.2.1\nalembic==1.13.2\n",
    "db/001_orders.sql": "CREATE TABLE orders (id INTEGER PRIMARY KEY, total_cents INTEGER NOT NULL);\n",
    "db/002_items.sql": "CREATE TABLE items (order_id INTEGER REFERENCES orders, sku TEXT, count INTEGER);\n",
    "tests/__init__.py": "",
    "tests/test_migrations.py": """\
import pathlib
import sqlite3
import unittest

FILES = sorted(pathlib.Path("db").glob("*.sql"))


class Migrations(unittest.TestCase):
    def setUp(self):
        self.db = sqlite3.connect(":memory:")
        self.addCleanup(self.db.close)

    def test_all_apply_in_order(self):
        for file in FILES:
            self.db.executescript(file.read_text())

    def test_numbers_have_no_gap(self):
        self.assertEqual([int(f.name[:3]) for f in FILES], list(range(1, len(FILES) + 1)))

    def test_requirements_are_pinned(self):
        for line in pathlib.Path("requirements.txt").read_text().splitlines():
            self.assertIn("==", line)
""",
}

DOCS = {
    ".gitignore": IGNORE,
    "docs/index.md": "# The shop\n\nSee [orders](orders.md), [the API](api.md) and [setup](set-up.md).\n",
    "docs/orders.md": "# Orders\n\nAn order goes to [billing](billing.md), then [shipping](shipping.md).\n",
    "docs/billing.md": "# Billing\n\nCharges are tried once.\n",
    "docs/shipping.md": "# Shipping\n\nBy [carrier](carriers.md), from two houses.\n",
    "docs/api.md": "# The API\n\nBack to [the index](index.md).\n",
    "docs/setup.md": "# Setup\n\nOne command.\n",
    "tests/__init__.py": "",
    "tests/test_docs.py": """\
import pathlib
import unittest


class Docs(unittest.TestCase):
    def test_each_page_has_a_title(self):
        for page in pathlib.Path("docs").glob("*.md"):
            with self.subTest(page=page.name):
                self.assertTrue(page.read_text().startswith("# "))
""",
}

API = {
    ".gitignore": IGNORE,
    "README.md": "# api\n\nTakes orders over HTTP.\n",
    "api/routes.py": 'ROUTES = {"POST /orders": "place", "GET /orders": "list"}\n',
}

INFRA = {
    "README.md": "# infra\n\nWhere it all runs.\n",
    "main.tf": 'resource "server" "shop" {\n  count = 2\n}\n',
}

SITE = {
    "index.html": "<h1>The shop</h1>\n",
    "style.css": "h1 { color: navy }\n",
}
