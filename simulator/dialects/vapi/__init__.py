"""Vapi (`https://api.vapi.ai`): campaigns (`/v2/campaign`) and single calls (`/call`).

After https://docs.vapi.ai/api-reference and the OpenAPI document in https://github.com/VapiAI/docs.
Creating a campaign launches it; the campaign's name is the only text of the client's that comes
back; contacts carry numbers and call ids, but no key. `GET /call` is a bare array, newest first.
"""
