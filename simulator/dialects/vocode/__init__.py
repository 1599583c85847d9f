"""Vocode's hosted API (`https://api.vocode.dev/v1`) and its like, Fluents: one call at a time.

After https://docs.vocode.dev/api-reference. No batch, no schedule, no filter, no search: one POST
places one call, and a list can only be paged and sorted. A row of the list differs from the single
call in the types of `agent`, `start_time` and `end_time`; a single call holds other people's keys.
"""
