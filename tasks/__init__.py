"""Prefect tasks: one verb each, with the retry, pace and poll policy of one provider."""
