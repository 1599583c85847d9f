"""PostgreSQL fails over to a copy that lagged behind: what it does not know, the provider does."""

import uuid
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg import sql
from sqlalchemy import make_url

from campaign.states import CampaignState
from store import campaigns
from tests.fixtures.databases import execute
from tests.flows.campaigns import APIS
from tests.proofs import at_length
from tests.protocol import driver
from tests.protocol.elsewhere import lease_runs_out
from tests.protocol.truth import provider_of
from tests.protocol.world import begin


class Copy:
    """Another database, as the first one was at some moment."""

    def __init__(self, server: str, original: str) -> None:
        self._server, self._original = server, original
        self._name = f"copy_{uuid.uuid4().hex}"
        self.made = False
        self.url = make_url(server).set(database=self._name).render_as_string(hide_password=False)

    def make(self) -> None:
        """Copy it now: nobody may be connected meanwhile."""
        original = make_url(self._original).database or ""
        end = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = {}"
        execute(self._server, sql.SQL(end).format(sql.Literal(original)))
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        execute(self._server, copy.format(sql.Identifier(self._name), sql.Identifier(original)))
        self.made = True

    def drop(self) -> None:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        execute(self._server, drop.format(sql.Identifier(self._name)))


@pytest.fixture
def copy(postgres_url: str, postgres_database_url: str) -> Generator[Copy]:
    one = Copy(postgres_url, postgres_database_url)
    yield one
    one.drop()


@pytest.mark.parametrize("behind", ["after plan_batch", "after claim"])
@pytest.mark.parametrize("api", at_length(APIS))
async def test_a_copy_that_lags_behind_a_submit_dials_nobody_again(
    api: str, behind: str, tmp_path: Path, postgres_database_url: str, copy: Copy
) -> None:
    def keep(point: str) -> None:
        if point == behind and not copy.made:
            copy.make()

    with begin(api, tmp_path, postgres_database_url, people=3) as world:
        async with world.runtime(keep) as runtime:
            await driver.run(runtime, world.file)
        world.place = replace(world.place, database_url=copy.url)
        # Locks are beside the database, and this is another one: whose claim it has, nobody knows.
        early = await lease_runs_out(world)
        async with world.runtime() as runtime:
            campaign_id = await driver.run(runtime, world.file, resumes=3)
            ended = await runtime.ledger.run(campaigns.get, campaign_id)

        rung = [ring.call.number for ring in provider_of(world.simulator.stage).rings]
    assert copy.made
    assert early == []
    assert len(rung) == len(set(rung)) == 3
    assert ended.state is CampaignState.NEEDS_ATTENTION
