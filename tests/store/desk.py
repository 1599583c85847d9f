"""Whoever works at a ledger: enrolls, imports, plans, submits, reads pages."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from campaign.calls import Call, ListedCall, Page, Receipt
from campaign.spec import CampaignSpec, Policy
from campaign.words import Outcome
from store import campaigns, recipients
from store.calls import PageSaved, save_detail, save_page
from store.campaigns import CampaignView
from store.ledger import Ledger
from store.planning import planner as planning
from store.planning.choosing import Judge
from store.planning.draft import PlannedBatch
from store.recipients import NewRecipient
from store.submissions import accepting, claiming

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
POLICY = Policy(max_attempts=3)


def number(n: int) -> str:
    """A fictional number, one of 800."""
    return f"+1{200 + n // 100}55501{n % 100:02d}"


def spec(name: str = "spring", **changes: Any) -> CampaignSpec:
    return CampaignSpec.model_validate(
        {"name": name, "provider": "vogent", "recipients": {"source": "people.csv"}} | changes
    )


def listed(call: Call, version: object = 1) -> ListedCall:
    """A row of a page; another `version` is another raw row."""
    return ListedCall(raw=f'{{"id": "{call.id}", "v": "{version}"}}'.encode(), call=call)


def unreadable(raw: str) -> ListedCall:
    return ListedCall(raw=raw.encode(), call=None, problem="it is no object")


@dataclass
class Desk:
    ledger: Ledger
    now: datetime = NOON
    policy: Policy = POLICY

    def later(self, **lengths: float) -> datetime:
        self.now += timedelta(**lengths)
        return self.now

    def enroll(self, name: str = "spring", **changes: Any) -> CampaignView:
        return self.ledger.run_sync(campaigns.enroll, spec(name, **changes), "/lists", self.now)

    def add(self, campaign_id: str, people: Sequence[NewRecipient]) -> recipients.Added:
        run = self.ledger.run_sync
        opened = run(recipients.begin_import, campaign_id, "people.csv", self.now)
        added = run(recipients.add_recipients, campaign_id, people, self.now, import_id=opened)
        run(recipients.finish_import, opened, self.now)
        return added

    def campaign(
        self, people: int = 3, name: str = "spring", first: int = 0, **changes: Any
    ) -> CampaignView:
        """Enroll a campaign with some people and set it running."""
        enrolled = self.enroll(name, **changes)
        everybody = [
            NewRecipient(phone_number=number(n), provider="vogent", source_row=n + 2)
            for n in range(first, first + people)
        ]
        self.add(enrolled.id, everybody)
        self.execute("UPDATE campaign SET state = 'running' WHERE id = :id", id=enrolled.id)
        return enrolled

    def plan(
        self,
        campaign_id: str,
        *,
        provider: str = "vogent",
        judge: Judge | None = None,
        **changes: Any,
    ) -> PlannedBatch | None:
        options: dict[str, Any] = {"now": self.now, "size": 100, "submission_size": 100} | changes
        options["judge"] = judge
        return self.ledger.run_sync(planning.plan_batch, campaign_id, provider, **options)

    def keys(self, tag: str) -> set[str]:
        """Of the attempts of a submission that are to be dialled."""
        return {row["key"] for row in self.attempts(tag=tag, state="assigned")}

    def submit(self, batch: PlannedBatch, receipt: Mapping[str, str] | None = None) -> None:
        """Have every submission of a batch accepted; `receipt` holds call ids by key."""
        for tag in batch.tags:
            epoch = self.ledger.run_sync(
                claiming.claim,
                tag,
                owner="me",
                body=tag.encode(),
                keys=self.keys(tag),
                start_at=None,
                now=self.now,
                lease=timedelta(minutes=5),
            )
            assert epoch is not None
            self.ledger.run_sync(claiming.mark_wire, tag, epoch, self.now, dials=True)
            said = Receipt(provider_batch_id=f"at-provider-{tag}", call_ids=receipt or {})
            self.ledger.run_sync(accepting.accept, tag, said, self.now, dials=True)

    def placed(self, people: int = 3, name: str = "spring", first: int = 0) -> PlannedBatch:
        """A batch of a new campaign, accepted by its provider."""
        campaign = self.campaign(people, name, first)
        batch = self.plan(campaign.id)
        assert batch is not None
        self.submit(batch)
        return batch

    def calls(self, batch: PlannedBatch, outcome: Outcome = Outcome.ANSWERED) -> list[Call]:
        """A finished call for every attempt of a batch, by key."""
        return [self.call(row["key"], outcome) for row in self.attempts(batch_id=batch.batch_id)]

    def call(self, key: str | None, outcome: Outcome = Outcome.ANSWERED, **changes: Any) -> Call:
        known = hashlib.sha256(str(key).encode()).hexdigest()[:12]
        said: dict[str, Any] = {
            "id": f"call-{known}",
            "key": key,
            "to": None,
            "over": True,
            "outcome": outcome,
            "ended_reason": "hangup",
            "started_at": self.now,
            "ended_at": self.now + timedelta(seconds=30),
            "duration_seconds": 30.0,
        }
        return Call(**(said | changes))

    def page(
        self,
        batch: PlannedBatch,
        rows: Sequence[ListedCall],
        *,
        own_only: bool = True,
        **changes: Any,
    ) -> PageSaved:
        """Save a page where the sweep is."""
        where = self.row("SELECT cursor, round FROM batch WHERE id = :id", id=batch.batch_id)
        options: dict[str, Any] = {
            "cursor_before": where["cursor"],
            "round_before": where["round"],
            "now": self.now,
            "policy": self.policy,
            "own_only": own_only,
        }
        following = changes.pop("next", None)
        page = Page(calls=tuple(rows), next=following, total=changes.pop("total", None))
        return self.ledger.run_sync(save_page, batch.batch_id, page, **(options | changes))

    def detail(self, batch: PlannedBatch, call_id: str, row: ListedCall | None) -> bool:
        return self.ledger.run_sync(
            save_detail, batch.batch_id, call_id, row, now=self.now, policy=self.policy
        )

    def attempts(self, **only: object) -> list[dict[str, Any]]:
        return self.rows("attempt", "recipient_id, no", **only)

    def recipients(self, **only: object) -> list[dict[str, Any]]:
        return self.rows("recipient", "id", **only)

    def stored(self, **only: object) -> list[dict[str, Any]]:
        return self.rows("call", "provider, provider_call_id", **only)

    def incidents(self) -> list[str]:
        return [row["kind"] for row in self.rows("incident", "id")]

    def rows(self, table: str, order: str, **only: object) -> list[dict[str, Any]]:
        condition = " AND ".join(f"{name} = :{name}" for name in only) or "1 = 1"
        statement = f'SELECT * FROM "{table}" WHERE {condition} ORDER BY {order}'  # noqa: S608
        with self.ledger.reading() as db:
            return [dict(row._mapping) for row in db.execute(text(statement), only)]

    def row(self, statement: str, **values: object) -> dict[str, Any]:
        with self.ledger.reading() as db:
            return dict(db.execute(text(statement), values).one()._mapping)

    def execute(self, statement: str, **values: object) -> None:
        with self.ledger.engine.begin() as db:
            db.execute(text(statement), values)
