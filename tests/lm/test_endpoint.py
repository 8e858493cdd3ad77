"""The learner's own model behind a server: right answers, and every way in which a server fails."""

import math
import socket
import threading
import time

import pytest
from doubles import free_port
from model_server import completion, served

from ftrag_helpers.errors import CourseError
from ftrag_helpers.lm.servers import endpoint

PROMPTS = [[{"role": "user", "content": f"When, {n}?"}] for n in range(3)]


@pytest.fixture
def server(monkeypatch):
    with served() as server:
        monkeypatch.setenv("FTRAG_ENDPOINT", server.address)
        yield server


def ask(prompts=PROMPTS[:1], **more):
    return endpoint.answers(prompts, **{"max_new_tokens": 8, "progress": False} | more)


def told(**more) -> str:
    with pytest.raises(CourseError) as error:
        ask(**more)
    return str(error.value)


def test_every_prompt_is_answered_in_order_at_temperature_0(server):
    server.reply = lambda body: (200, completion(f" Answer to {body['messages'][0]['content']}\n"))
    made = ask(PROMPTS)
    assert [g.text for g in made] == [f"Answer to When, {n}?" for n in range(3)]
    assert [g.tokens for g in made] == [4] * 3 and all(math.isnan(g.logprob) for g in made)
    assert all(0 < g.seconds < 10 for g in made)
    assert [body["messages"] for body in server.asked] == PROMPTS
    expected = {"model": "small", "max_tokens": 8, "temperature": 0, "stream": False}
    assert all({k: v for k, v in b.items() if k != "messages"} == expected for b in server.asked)
    assert server.paths == ["GET /v1/models"] + ["POST /v1/chat/completions"] * 3


def test_a_named_model_is_asked_and_a_path_is_kept(server, monkeypatch):
    monkeypatch.setenv("FTRAG_ENDPOINT_MODEL", "qwen3:8b")
    monkeypatch.setenv("FTRAG_ENDPOINT", f"{server.address}/other/v1/")
    ask()
    assert server.asked[0]["model"] == "qwen3:8b"
    assert server.paths == ["POST /other/v1/chat/completions"]


@pytest.mark.parametrize(
    "models, words", [(["a", "b"], r"lists 2 models \(a, b\)"), ([], "lists no model")]
)
def test_a_model_must_be_named_where_the_server_has_several_or_lists_none(server, models, words):
    server.models = models
    with pytest.raises(CourseError, match=f"{words}. Set FTRAG_ENDPOINT_MODEL"):
        ask()
    assert server.asked == []


def test_nothing_is_kept_on_disk(server, monkeypatch, tmp_path):
    monkeypatch.setenv("FTRAG_COMPUTE_CACHE", "on")
    monkeypatch.setenv("FTRAG_CACHE", str(tmp_path))
    ask()
    server.reply = (200, completion("At ten."))
    assert ask()[0].text == "At ten." and list(tmp_path.rglob("*")) == []


def test_a_server_that_does_not_count_tokens(server):
    server.reply = (200, {"choices": completion("Yes.")["choices"]})
    assert math.isnan(ask()[0].tokens)


def test_an_answer_without_words_is_an_answer(server):
    server.reply = (200, completion(None))
    assert ask()[0].text == ""


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_a_model_that_only_thinks_is_told(server, name):
    server.reply = (200, completion("", **{name: "Let me see, the question"}))
    assert "spent all 8 tokens of an answer on the model's thoughts" in told()


@pytest.mark.parametrize(
    "status, body, words",
    [
        (404, {"error": {"message": "model 'x' not found"}}, "model 'x' not found. Set FTRAG_ENDP"),
        (
            404,
            {"error": "model 'x' not found"},
            "HTTP 404: model 'x' not found. Set FTRAG_ENDPOINT_",
        ),
        (
            404,
            {"object": "error", "message": "The model `x` does not exist."},
            "exist. Set FTRAG_E",
        ),
        (404, b"404 page not found", "HTTP 404: 404 page not found. Correct FTRAG_ENDPOINT"),
        (
            400,
            {"error": {"code": 400, "message": "the request exceeds the context size"}},
            "exceeds",
        ),
        (401, {"detail": "Unauthorized"}, "HTTP 401: Unauthorized. Look at the server's log"),
        (503, {"error": {"message": "Loading model"}}, "HTTP 503: Loading model. Look at"),
        (500, b"", "HTTP 500. Look at the server's log."),
        (500, b"<html>" + b"x" * 9000, "HTTP 500: <html>xxx"),
        (301, b"", "HTTP 301. Correct FTRAG_ENDPOINT"),
        (200, b"Ollama is running", "did not send JSON, so it is no OpenAI-style server"),
        (200, b"", "did not send JSON"),
        (200, b"\xff\xfe", "did not send JSON"),
        (200, {"choices": []}, "sent no choice"),
        (200, {"response": "At nine."}, "another form than OpenAI's"),
        (200, ["At nine."], "another form"),
        (200, {"choices": [{"text": "At nine."}]}, "another form"),
        (200, {"choices": [{"message": "At nine."}]}, "another form"),
        (200, completion(["At nine."]), "an answer that is no text"),
    ],
)
def test_what_a_server_sends_instead_of_an_answer_is_told(server, status, body, words):
    server.reply = (status, body)
    message = told()
    assert words in message and server.address in message and len(message) < 700


def test_a_redirect_is_not_followed(server):
    server.headers, server.reply = {"Location": f"{server.address}/elsewhere"}, (302, b"")
    assert "HTTP 302" in told()
    assert [path for path in server.paths if "elsewhere" in path] == []


def test_no_server_is_told(monkeypatch):
    port = free_port()
    monkeypatch.setenv("FTRAG_ENDPOINT", f"http://127.0.0.1:{port}")
    assert (
        f"No server answers at http://127.0.0.1:{port} (FTRAG_ENDPOINT): the connection was refu"
        in told()
    )


def test_a_server_that_takes_too_long_is_told(server):
    done = threading.Event()

    def slow(_body):
        done.wait(5)
        return 200, completion("At last.")

    server.reply, started = slow, time.perf_counter()
    message = told(timeout=0.2)
    done.set()
    assert "did not answer within 0.2 s" in message and time.perf_counter() - started < 4


def test_what_speaks_no_http_is_told(monkeypatch):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def talk():
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")

        threading.Thread(target=talk, daemon=True).start()
        monkeypatch.setenv("FTRAG_ENDPOINT", f"http://127.0.0.1:{listener.getsockname()[1]}")
        assert "No server answers at" in told()


def test_no_proxy_stands_before_this_machine(server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert ask()[0].text == "At nine."


def test_without_the_variable_nothing_is_called(no_network):
    assert not endpoint.is_set()
    with pytest.raises(CourseError, match="FTRAG_ENDPOINT is not set"):
        ask()
    assert no_network == []


def test_what_cannot_be_asked_is_told(server):
    with pytest.raises(ValueError, match="max_new_tokens must be at least 1, not 0"):
        ask(max_new_tokens=0)
    with pytest.raises(ValueError, match="lists of chat messages"):
        ask(["When?"])
    assert ask([]) == [] and server.paths == []
