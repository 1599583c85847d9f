"""What every step works with: the ledger, the clock, this runner, the providers' connections."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta

from campaign.clock import Clock, SystemClock
from campaign.spec import CampaignSpec
from providers.connecting import Remember, connect
from providers.port import Provider
from providers.settings import Access
from store.accounts import memory as accounts
from store.database.settings import LEASE, LedgerSettings
from store.ledger import Ledger
from store.runners import Runner, locks_of
from tasks.steps.accounts import SharedAccount

Connect = Callable[[str, Mapping[str, object], Remember], AbstractAsyncContextManager[Provider]]


@dataclass(slots=True)
class Runtime:
    """Open for as long as one flow run, or one command, lasts."""

    ledger: Ledger
    runner: Runner
    clock: Clock = field(default_factory=SystemClock)
    connect: Connect = connect
    lease: timedelta = LEASE
    """After so long the claims of a runner that nothing can be proved about are taken over."""
    proved: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """Campaigns and providers of which this ledger is no old copy; as of which event."""
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)
    _providers: dict[tuple[str, str], Provider] = field(
        default_factory=dict[tuple[str, str], Provider]
    )
    _accounts: dict[str, SharedAccount] = field(default_factory=dict[str, SharedAccount])

    async def provider(self, campaign_id: str, spec: CampaignSpec, name: str) -> Provider:
        """Return the campaign's provider, connected; the same object for the same campaign.

        Raises `BadInput` if its key is missing or its agent block is wrong.
        """
        key = (campaign_id, name)
        if key not in self._providers:
            agent = spec.share_of(name).agent or {}
            connection = self.connect(name, agent, self._remember)
            self._providers[key] = await self._open.enter_async_context(connection)
        return self._providers[key]

    def account(self, provider: str) -> SharedAccount:
        """Return the account of a provider that is connected; one environment has one of each."""
        return self._accounts[provider]

    async def _remember(self, to: Access) -> SharedAccount:
        account_id = await self.ledger.run(
            accounts.open_account, to.provider, to.fingerprint, self.clock.now()
        )
        account = SharedAccount(
            ledger=self.ledger, clock=self.clock, id=account_id, concurrency=to.concurrency
        )
        return self._accounts.setdefault(to.provider, account)

    async def close(self) -> None:
        """Let the connections go; the ledger belongs to whoever opened it."""
        self._providers.clear()
        await self._open.aclose()


_current: ContextVar[Runtime] = ContextVar("outdial_runtime")


def current() -> Runtime:
    """Return the runtime of the flow run that we are in. Raises `LookupError` outside of one."""
    return _current.get()


@asynccontextmanager
async def open_runtime(database_url: str | None = None) -> AsyncGenerator[Runtime]:
    """Lend a runtime to everything called within; an enclosing one is used on."""
    outer = _current.get(None)
    if outer is not None:
        yield outer
        return
    async with Ledger.open(database_url) as ledger:
        with Runner(locks_of(ledger.engine)) as runner:
            async with lend(Runtime(ledger, runner, lease=LedgerSettings().lease)) as runtime:
                yield runtime


@asynccontextmanager
async def lend(runtime: Runtime) -> AsyncGenerator[Runtime]:
    """Make `runtime` the current one for everything called within, and close it afterwards."""
    token = _current.set(runtime)
    try:
        yield runtime
    finally:
        _current.reset(token)
        await runtime.close()
