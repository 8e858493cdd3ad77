"""The learner's own model behind an OpenAI-style server: llama.cpp, vLLM, Ollama, LM Studio.

`FTRAG_ENDPOINT` names the server, `FTRAG_ENDPOINT_MODEL` a model on it; without the first nothing
is called. No key is sent. Answers are not kept on disk: a server says nothing of the weights that
they come from. Not here: the checks of the two variables (`environment.variables`), the systems
that ask the model (`evaluation.own_model`).
"""

import json
import math
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from urllib.parse import urlsplit

from ftrag_helpers.environment import proxies, variables
from ftrag_helpers.errors import CourseError
from ftrag_helpers.lm.generation import Generation
from ftrag_helpers.lm.language_model import Messages

#: Seconds to wait for one answer: a large model on a CPU reads a prompt for a minute.
TIMEOUT = 300
_LIST_TIMEOUT = 10
_MOST_BYTES = 4_000_000
_UNSET = "Correct FTRAG_ENDPOINT, or unset it to leave your own model out."


def is_set() -> bool:
    """Whether `FTRAG_ENDPOINT` names a server.

    Raises:
        CourseError: it is no address.
    """
    return variables.endpoint() is not None


def is_here() -> bool:
    """Whether the server named is this machine by its own name or address."""
    return urlsplit(variables.endpoint() or "").hostname in proxies.LOOPBACK


def answers(
    prompts: Sequence[Messages],
    *,
    max_new_tokens: int = 64,
    timeout: float = TIMEOUT,
    progress: bool = True,
) -> list[Generation]:
    """Let the model on the server answer each prompt, one after the other, at temperature 0.

    Args:
        prompts: lists of chat messages, as `models.generate` takes them.
        max_new_tokens: the most tokens of an answer, at least 1.
        timeout: the most seconds to wait for one answer.
        progress: whether two or more prompts show a progress bar.

    Returns:
        One generation for each prompt, in the order of the prompts. `seconds` is what the learner
        waits for this answer; `logprob` is NaN, and so is `tokens` where the server does not count.

    Raises:
        CourseError: `FTRAG_ENDPOINT` is not set or wrong; the server does not answer, or not in the
            form of OpenAI's chat completions; it refuses the model or the prompt.
        ValueError: no token may be generated, or a prompt is no list of messages.
    """
    from tqdm.auto import tqdm

    if max_new_tokens < 1:
        raise ValueError(f"max_new_tokens must be at least 1, not {max_new_tokens}")
    if any(isinstance(prompt, str) for prompt in prompts):
        raise ValueError("a server takes lists of chat messages, not texts to continue")
    if not prompts:
        return []
    model, made = model_name(), []
    hidden = not progress or len(prompts) < 2
    for prompt in tqdm(prompts, desc="answers", unit="answer", disable=hidden, leave=False):
        started = time.perf_counter()
        reply = _call(
            "/v1/chat/completions",
            {
                "model": model,
                "messages": list(prompt),
                "max_tokens": max_new_tokens,
                "temperature": 0,
                "stream": False,
            },
            timeout=timeout,
        )
        text, tokens = _read(reply, max_new_tokens)
        made.append(Generation(text, tokens, math.nan, time.perf_counter() - started))
    return made


def model_name() -> str:
    """The model that is asked: `FTRAG_ENDPOINT_MODEL`, or else the only one that the server lists.

    Raises:
        CourseError: no server is named, it does not answer, or it lists none or several.
    """
    named = variables.endpoint_model()
    if named:
        return named
    reply = _call("/v1/models", timeout=_LIST_TIMEOUT)
    rows = reply.get("data") if isinstance(reply, dict) else None
    rows = rows if isinstance(rows, list) else []
    names = [str(row["id"]) for row in rows if isinstance(row, dict) and row.get("id")]
    if len(names) == 1:
        return names[0]
    listed = f"lists {len(names)} models ({', '.join(names)})" if names else "lists no model"
    raise CourseError(
        f"The server at {variables.endpoint()} {listed}. Set FTRAG_ENDPOINT_MODEL to the one that"
        " is to answer."
    )


def _read(reply: object, limit: int) -> tuple[str, float]:
    """Text and number of tokens of a chat completion."""
    where = f"The server at {variables.endpoint()} (FTRAG_ENDPOINT)"
    try:
        choices = reply["choices"]
        message = choices[0]["message"] if choices else None
        text = "" if message is None else message.get("content") or ""
        thoughts = (message or {}).get("reasoning_content") or (message or {}).get("reasoning")
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise CourseError(
            f"{where} answered in another form than OpenAI's chat completions. {_UNSET}"
        ) from error
    if message is None:
        raise CourseError(f"{where} sent no choice: it holds no answer. Look at the server's log.")
    if not isinstance(text, str):
        raise CourseError(f"{where} sent an answer that is no text. {_UNSET}")
    if thoughts and not text.strip():
        raise CourseError(
            f"{where} spent all {limit} tokens of an answer on the model's thoughts. Start the"
            " model without reasoning, or name another one."
        )
    usage = reply.get("usage")
    counted = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return text.strip(), counted if isinstance(counted, int) else math.nan


def _call(path: str, body: dict | None = None, *, timeout: float) -> object:
    """The JSON that the server sends back: to a GET without a body, else to a POST.

    Raises:
        CourseError: no server is named, or what came back is none.
    """
    address = variables.endpoint()
    if address is None:
        raise CourseError(
            "FTRAG_ENDPOINT is not set: it holds the address of the server with your own model,"
            " such as http://127.0.0.1:8080."
        )
    request = urllib.request.Request(
        address + path,
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    where = f"{address} (FTRAG_ENDPOINT)"
    try:
        with _opener().open(request, timeout=timeout) as answer:
            raw = answer.read(_MOST_BYTES)
    except urllib.error.HTTPError as error:
        raise CourseError(_refused(where, error)) from error
    except (OSError, ValueError, HTTPException) as error:  # URLError is an OSError
        raise CourseError(_silent(where, error, timeout)) from error
    try:
        return json.loads(raw)
    except ValueError as error:
        raise CourseError(
            f"The server at {where} did not send JSON, so it is no OpenAI-style server. {_UNSET}"
        ) from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would turn the question into another one, or take it to another machine."""

    def redirect_request(self, *_args, **_kwargs):
        return None


def _opener() -> urllib.request.OpenerDirector:
    """What calls the server: past all proxies where it is this machine."""
    direct = [urllib.request.ProxyHandler({})] if is_here() else []
    return urllib.request.build_opener(_NoRedirect, *direct)


def _refused(where: str, error: urllib.error.HTTPError) -> str:
    """What to say of an answer with a status of 300 or above, with the server's own words."""
    with error:
        said = _message(error.read(_MOST_BYTES).decode("utf-8", "replace"))
    words = f"The server at {where} answered HTTP {error.code}" + (f": {said}" if said else "")
    if "model" in said.lower() and error.code in (400, 404):
        return f"{words.rstrip('.')}. Set FTRAG_ENDPOINT_MODEL to a model that it holds."
    if error.code == 404 or error.code < 400:
        return f"{words.rstrip('.')}. {_UNSET}"
    return f"{words.rstrip('.')}. Look at the server's log."


def _message(text: str) -> str:
    """The message in an error's body, which servers put in several places; the body's beginning
    where there is none.
    """
    try:
        body = json.loads(text)
    except ValueError:
        return " ".join(text.split())[:200]
    for key in ("error", "message", "detail"):
        if isinstance(body, dict) and body.get(key):
            body = body[key]
    return " ".join(str(body).split())[:300]


def _silent(where: str, error: Exception, timeout: float) -> str:
    """What to say where nothing, or no HTTP, came back."""
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return (
            f"The server at {where} did not answer within {timeout:g} s. Look whether it is still"
            " at work, or name a smaller model."
        )
    if isinstance(reason, ConnectionRefusedError):
        return f"No server answers at {where}: the connection was refused. Start it. Else: {_UNSET}"
    return f"No server answers at {where}: {reason or type(error).__name__}. {_UNSET}"
