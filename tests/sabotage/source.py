"""The judge of the source: one function may ask a provider to dial, and nothing repeats it."""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

PACKAGES = ("campaign", "flows", "outdial", "providers", "store", "tasks")
THE_DOOR = "providers/http.py"
MAY_DIAL: Mapping[str, frozenset[str]] = {"providers/": frozenset({"submit", "start", "_go_on"})}
"""Functions of the adapters that may hand a body and its fence to `Http.submit`."""
ASKS_PROVIDERS: Mapping[str, str] = {
    "submit": "tasks/steps/sending.py",
    "start": "tasks/steps/starting.py",
}
"""The only module that asks an adapter to dial, by verb."""
HARMLESS_POSTS = frozenset({"stop", "cancel", "end", "paused"})
"""Last words of the paths that may be posted to by a request that may be repeated."""
TALKS = frozenset(
    {"AsyncClient", "Client", "AsyncHTTPTransport", "HTTPTransport"}
    | {"post", "put", "patch", "delete", "request", "stream"}
)
"""What of httpx could make a telephone ring; to read is harmless."""
OTHER_CLIENTS = frozenset({"aiohttp", "http.client", "pycurl", "requests", "urllib.request"})
LOOSENS_TLS = frozenset(
    {"CERT_NONE", "CERT_OPTIONAL", "SSLContext", "check_hostname", "verify_mode"}
    | {"_create_unverified_context", "_create_stdlib_context"}
)
"""Words of `ssl` of which there is no need where certificates are verified as httpx has it."""
OUR_TLS = "httpx.create_ssl_context()"
KNOWN_TO_ADAPTERS = frozenset({"httpx", "msgspec", "pydantic", "pydantic_settings"})
"""Libraries that adapters use; a vendor's own repeats requests by itself."""


def complaints(root: Path) -> list[str]:
    """Everything in a tree of ours that could dial past the one function, or repeat it."""
    found: list[str] = []
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            name = file.relative_to(root).as_posix()
            found += [f"{name}: {what}" for what in _judged(name, ast.parse(file.read_text()))]
    return found


def _judged(name: str, tree: ast.Module) -> Iterator[str]:
    yield from _imports(name, tree)
    yield from _repetition(tree)
    yield from _certificates(name, tree)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _calls(name, function)
    if name.startswith("tasks/") and name.count("/") == 1:
        yield from _declared(tree)
    if name == THE_DOOR:
        yield from _the_door(tree)


def _imports(name: str, tree: ast.Module) -> Iterator[str]:
    for module in _imported(tree):
        if module in OTHER_CLIENTS or module.split(".")[0] in OTHER_CLIENTS:
            yield f"{module} speaks HTTP past Http"
        if name.startswith("providers/") and not _is_known(module.split(".")[0]):
            yield f"{module} is imported by an adapter: a vendor's SDK repeats requests"
    if name != THE_DOOR:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "httpx":
                if node.attr in TALKS:
                    yield f"httpx.{node.attr} speaks past Http"
            elif isinstance(node, ast.ImportFrom) and node.module == "httpx":
                yield "parts of httpx are imported by name"


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _is_known(package: str) -> bool:
    return package in {*sys.stdlib_module_names, *PACKAGES, *KNOWN_TO_ADAPTERS}


def _repetition(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "follow_redirects":
            yield "follow_redirects is set"
        if isinstance(node, ast.Dict):
            said = {
                key.value: value for key, value in _items(node) if isinstance(key, ast.Constant)
            }
            value = said.get("follow_redirects")
            if value is not None and not (isinstance(value, ast.Constant) and value.value is False):
                yield "redirects are followed"


def _items(node: ast.Dict) -> Iterator[tuple[ast.expr, ast.expr]]:
    for key, value in zip(node.keys, node.values, strict=True):
        if key is not None:
            yield key, value


def _certificates(name: str, tree: ast.Module) -> Iterator[str]:
    """Servers prove who they are, to every connection, and nothing turns that off."""
    for what, value in _said(tree, "verify"):
        if name != THE_DOOR or ast.unparse(value) != "_tls()":
            yield f"{what} says how certificates are verified"
    for node in ast.walk(tree):
        word = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        if word in LOOSENS_TLS and not _is_annotation(node, tree):
            yield f"{word} may turn off the verifying of certificates"


def _said(tree: ast.Module, name: str) -> Iterator[tuple[str, ast.expr]]:
    """Each value that goes under a name into a call or a mapping, and where."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == name:
            yield "a call", node.value
        elif isinstance(node, ast.Dict):
            for key, value in _items(node):
                if isinstance(key, ast.Constant) and key.value == name:
                    yield "a mapping", value


def _is_annotation(node: ast.AST, tree: ast.Module) -> bool:
    functions = (one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef))
    return any(one.returns is node for one in functions)


def _calls(name: str, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for call in ast.walk(function):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        verb, target = call.func.attr, ast.unparse(call.func.value)
        if verb == "submit" and target.endswith("http"):
            yield from _hands_over(name, function, call)
        elif verb in ASKS_PROVIDERS and target == "provider" and name != ASKS_PROVIDERS[verb]:
            yield f"{function.name} asks an adapter to {verb}"
        elif verb == "act" and target.endswith("http") and not _is_harmless(call):
            yield f"{function.name} posts past the fence"


def _hands_over(
    name: str, function: ast.FunctionDef | ast.AsyncFunctionDef, call: ast.Call
) -> Iterator[str]:
    allowed = any(
        name.startswith(place) and function.name in functions
        for place, functions in MAY_DIAL.items()
    )
    if not allowed:
        yield f"{function.name} may not ask to dial"
    if "fence" not in [ast.unparse(argument) for argument in call.args]:
        yield f"{function.name} does not hand its fence on"


def _is_harmless(call: ast.Call) -> bool:
    method, path = (ast.unparse(argument) for argument in call.args[:2])
    return "POST" not in method or path.strip("f'\"").split("/")[-1] in HARMLESS_POSTS


def _declared(tree: ast.Module) -> Iterator[str]:
    """Prefect repeats no task that dials."""
    for function in tree.body:
        if isinstance(function, ast.AsyncFunctionDef) and function.name in ASKS_PROVIDERS:
            for decorator in function.decorator_list:
                options = decorator.keywords if isinstance(decorator, ast.Call) else []
                if any(option.arg and option.arg.startswith("retr") for option in options):
                    yield f"the task {function.name} is repeated by Prefect"


def _the_door(tree: ast.Module) -> Iterator[str]:
    """In `Http` one call goes out by the connection for submits, from one function."""
    senders = [
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and "self._submitter" in [ast.unparse(argument) for argument in node.args]
    ]
    if senders != ["submit"]:
        yield f"the connection for submits is used by {senders}"
    makers = [
        [ast.unparse(line) for line in function.body[1:]]
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name == "_tls"
    ]
    if makers != [[f"return {OUR_TLS}"]]:
        yield "_tls is more than what httpx makes"
    if len(list(_said(tree, "verify"))) != 1:
        yield "a connection is made without _tls"
    posts = [one for one in ast.walk(tree) if isinstance(one, ast.Constant) and one.value == "POST"]
    if len(posts) != 1:
        yield f"POST is written {len(posts)} times"
