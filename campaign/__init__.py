"""The domain, pure: vocabulary, campaign file, state machines, errors. Imports nothing of ours."""
