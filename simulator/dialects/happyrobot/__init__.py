"""HappyRobot's legacy API (`https://app.happyrobot.ai/api/v1`): calls without a batch object.

A chunk of calls goes in as a bare JSON array and comes back as an array of calls, in no promised
order and without a status. Everything else is read from the list of calls, which can be filtered by
use case, date and number, but not by the client's own metadata.
"""
