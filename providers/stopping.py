"""Stop calls one by one."""

from collections.abc import Awaitable, Callable, Iterable

from campaign.errors import NotFound, ProviderError, RateLimited, Rejected, Unauthorized


async def stop_each(call_ids: Iterable[str], stop: Callable[[str], Awaitable[None]]) -> None:
    """Ask for the end of every call, though one of them fails; then raise the first failure.

    A call that is not known or refuses has ended in the meantime: its next look tells. Raises
    `RateLimited` and `Unauthorized` at once, since the others would fare no better.
    """
    failure: ProviderError | None = None
    for call_id in call_ids:
        try:
            await stop(call_id)
        except (NotFound, Rejected):
            continue
        except (RateLimited, Unauthorized):
            raise
        except ProviderError as error:
            failure = failure or error
    if failure is not None:
        raise failure
