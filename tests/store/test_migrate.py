import subprocess
import sys
import uuid

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url, text

from campaign.errors import LedgerError
from store import tables
from store.database import migrate
from store.database.engine import open_engine
from store.ledger import Ledger


def test_the_migrations_make_exactly_the_tables_of_the_models(database_url: str) -> None:
    with Ledger.open(database_url) as ledger, ledger.engine.begin() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True})

        assert compare_metadata(context, tables.METADATA) == []


def test_the_newest_migration_is_the_one_that_is_asked_for(sqlite_database_url: str) -> None:
    engine = open_engine(sqlite_database_url)
    with engine.begin() as db:
        scripts = ScriptDirectory.from_config(migrate.configuration(db))

    assert scripts.get_heads() == [migrate.HEAD]
    engine.dispose()


def test_opening_again_changes_nothing(database_url: str) -> None:
    Ledger.open(database_url).close()

    with Ledger.open(database_url) as ledger, ledger.reading() as db:
        assert db.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [
            migrate.HEAD
        ]


def test_a_ledger_of_a_newer_version_is_refused_and_left_alone(database_url: str) -> None:
    with Ledger.open(database_url) as ledger, ledger.engine.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(LedgerError, match="newer outdial"):
        Ledger.open(database_url)

    engine = open_engine(database_url)
    with engine.begin() as db:
        assert db.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
    engine.dispose()


def test_a_user_who_may_not_make_tables_is_told_so(postgres_database_url: str) -> None:
    role = f"reader_{uuid.uuid4().hex}"
    engine = open_engine(postgres_database_url)
    with engine.begin() as db:
        db.execute(text(f"CREATE ROLE {role} LOGIN"))
    url = make_url(postgres_database_url).set(username=role)

    try:
        with pytest.raises(LedgerError, match="allowed to create tables"):
            Ledger.open(url.render_as_string(hide_password=False))
    finally:
        with engine.begin() as db:
            db.execute(text(f"DROP ROLE {role}"))
        engine.dispose()


def test_foreign_keys_are_checked_again_after_a_migration(sqlite_database_url: str) -> None:
    with Ledger.open(sqlite_database_url) as ledger, ledger.engine.begin() as db:
        assert db.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_processes_that_start_at_the_same_moment_all_get_their_ledger(database_url: str) -> None:
    program = (
        "import sys\n"
        "from store.ledger import Ledger\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "Ledger.open(sys.argv[1]).close()\n"
    )
    command = [sys.executable, "-c", program, database_url]
    pipe = subprocess.PIPE
    starts = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) for _ in range(4)]
    for start in starts:
        assert start.stdout is not None
        assert start.stdout.readline() == b"ready\n"

    for start in starts:
        assert start.stdin is not None
        start.stdin.write(b"go\n")
        start.stdin.flush()
    errors = [start.communicate()[1] for start in starts]

    assert errors == [b""] * 4
    assert [start.returncode for start in starts] == [0] * 4
