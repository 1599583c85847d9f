"""One function asks a provider to dial. Whoever adds another, or has it repeated, is told."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents.pages import ROOT
from tests.sabotage.source import PACKAGES, complaints

SABOTAGES = {
    "Prefect repeats the submit": (
        "tasks/bland.py",
        '@task(task_run_name="bland submit {batch_id}", tags=["bland"], cache_policy=NO_CACHE)',
        '@task(task_run_name="bland submit {batch_id}", retries=3, cache_policy=NO_CACHE)',
        "the task submit is repeated by Prefect",
    ),
    "Prefect repeats the start": (
        "tasks/vogent.py",
        '@task(task_run_name="vogent start {batch_id}", tags=["vogent"], cache_policy=NO_CACHE)',
        "@task(retries=1, retry_delay_seconds=5)",
        "the task start is repeated by Prefect",
    ),
    "the client follows redirects": (
        "providers/http.py",
        '"follow_redirects": False',
        '"follow_redirects": True',
        "redirects are followed",
    ),
    "no certificate is verified": (
        "providers/http.py",
        '"verify": _tls()',
        '"verify": False',
        "a mapping says how certificates are verified",
    ),
    "no certificate is verified by one client": (
        "providers/http.py",
        "httpx.AsyncClient(**shared, timeout=_READ_TIMEOUT)",
        "httpx.AsyncClient(**{**shared, 'verify': False}, timeout=_READ_TIMEOUT)",
        "a mapping says how certificates are verified",
    ),
    "nobody asks whose certificate it is": (
        "providers/http.py",
        "    return httpx.create_ssl_context()",
        """    context = httpx.create_ssl_context()
    context.check_hostname = False
    return context""",
        "check_hostname may turn off the verifying of certificates",
    ),
    "certificates are not asked for": (
        "providers/http.py",
        "    return httpx.create_ssl_context()",
        """    context = httpx.create_ssl_context()
    context.verify_mode = ssl.CERT_NONE
    return context""",
        "CERT_NONE may turn off the verifying of certificates",
    ),
    "connections are made without a word about certificates": (
        "providers/http.py",
        '            "verify": _tls(),\n',
        "",
        "a connection is made without _tls",
    ),
    "certificates are verified only in production": (
        "providers/http.py",
        "    return httpx.create_ssl_context()",
        '    return httpx.create_ssl_context(verify="DEBUG" not in os.environ)',
        "_tls is more than what httpx makes",
    ),
    "a flow reads without verifying": (
        "flows/run_batch.py",
        '"""',
        'import httpx\nhttpx.get("https://api.bland.ai/v1/me", verify=False)\n"""',
        "a call says how certificates are verified",
    ),
    "a second function posts": (
        "providers/http.py",
        "    async def get(",
        """    async def submit_again(self, path: str, body: bytes) -> Answer:
        request = self._submitter.build_request("POST", path, content=body)
        return await _send(self._submitter, request)

    async def get(""",
        "the connection for submits is used by ['submit_again', 'submit']",
    ),
    "an adapter dials as it reads": (
        "providers/vocode/adapter.py",
        "        answer = await self._http.get(",
        """        await self._http.act("POST", "/calls/create", {})
        answer = await self._http.get(""",
        "detail posts past the fence",
    ),
    "an adapter dials without its fence": (
        "providers/vocode/adapter.py",
        'self._http.submit("/calls/create", body, fence, ',
        'self._http.submit("/calls/create", body, nothing, ',
        "submit does not hand its fence on",
    ),
    "a step dials beside the protocol": (
        "tasks/steps/finding.py",
        "        found = await search.provider.find(reference)",
        """        await provider.submit(b"", reference)
        found = await search.provider.find(reference)""",
        "_look asks an adapter to submit",
    ),
    "a flow posts by itself": (
        "flows/run_batch.py",
        '"""',
        'import httpx\nhttpx.post("https://api.bland.ai/v1/calls")\n"""',
        "httpx.post speaks past Http",
    ),
    "a vendor's SDK is used": (
        "providers/vapi/adapter.py",
        "from pydantic import BaseModel",
        "from vapi_server_sdk import Vapi",
        "vapi_server_sdk is imported by an adapter",
    ),
}


def sabotage(root: Path, name: str, was: str, becomes: str) -> None:
    """Write one file of ours into a folder, with a change."""
    text = (ROOT / name).read_text()
    assert was in text, f"{name} has changed: the sabotage must change with it"
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text.replace(was, becomes, 1))


def test_one_function_asks_to_dial_and_nothing_repeats_it() -> None:
    assert complaints(ROOT) == []


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_second_way_to_dial_is_seen_in_the_source(name: str, tmp_path: Path) -> None:
    file, was, becomes, expected = SABOTAGES[name]
    sabotage(tmp_path, file, was, becomes)

    assert any(f"{file}: {expected}" in one for one in complaints(tmp_path))


def test_the_import_contracts_keep_http_from_the_steps(tmp_path: Path) -> None:
    module = "tasks/steps/submitting.py"
    for package in (*PACKAGES, "simulator"):
        no_bytecode = shutil.ignore_patterns("*.pyc")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=no_bytecode)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    sabotage(tmp_path, module, "import asyncio", "import asyncio\nimport httpx")

    judged = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert judged.returncode == 1
    assert "tasks.steps.submitting -> httpx" in judged.stdout
