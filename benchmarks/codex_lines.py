"""Codex's lines: `sessions/YYYY/MM/DD/rollout-<time>-<id>.jsonl`, each wrapped in timestamp, type and payload."""

from __future__ import annotations

from benchmarks.sessions import Author, Made, command, rounds

MODEL = "gpt-5-codex"


def write(author: Author, started_ms: int, wanted: int) -> tuple[str, Made]:
    """(path below HOME, session) with `wanted` messages or one more."""
    made = author.start(started_ms)
    start = made.stamp()
    git = f'{{"commit_hash":"{author.rng.getrandbits(160):040x}","branch":"{made.branch}"}}'
    _line(
        author,
        made,
        "session_meta",
        f'{{"id":"{made.id}","timestamp":"{start}","cwd":"{made.cwd}","originator":"codex_cli_rs",'
        f'"cli_version":"0.44.0","instructions":null,"source":"cli","git":{git}}}',
    )
    context = f"<environment_context>\\n  <cwd>{made.cwd}</cwd>\\n  <shell>zsh</shell>\\n</environment_context>"
    _message(author, made, "user", "input_text", context)
    rounds(author, made, wanted, _prompt, _call, _answer)
    day, clock = start[:10], start[:19].replace(":", "-")
    return f".codex/sessions/{day.replace('-', '/')}/rollout-{clock}-{made.id}.jsonl", made


def _line(author: Author, made: Made, kind: str, payload: str) -> None:
    author.wait(made)
    made.lines.append(f'{{"timestamp":"{made.stamp()}","type":"{kind}","payload":{payload}}}')


def _message(author: Author, made: Made, role: str, kind: str, text: str) -> None:
    payload = f'{{"type":"message","role":"{role}","content":[{{"type":"{kind}","text":"{text}"}}]}}'
    _line(author, made, "response_item", payload)


def _prompt(author: Author, made: Made) -> None:
    text = author.text(made, author.size(0.8))
    made.count(text)
    _message(author, made, "user", "input_text", text)
    _line(author, made, "event_msg", f'{{"type":"user_message","message":"{text}","kind":"plain"}}')
    policy = '"approval_policy":"on-request","sandbox_policy":{"mode":"workspace-write","network_access":false}'
    _line(author, made, "turn_context", f'{{"cwd":"{made.cwd}",{policy},"model":"{MODEL}","effort":"high"}}')


def _answer(author: Author, made: Made) -> None:
    text = author.text(made, author.size(1.2))
    made.count(text)
    _message(author, made, "assistant", "output_text", text)
    _line(author, made, "event_msg", f'{{"type":"agent_message","message":"{text}"}}')
    _tokens(author, made)


def _call(author: Author, made: Made) -> None:
    rng = author.rng
    call_id = f"call_{rng.getrandbits(96):024x}"
    summary = author.prose.sentence(rng, 60)
    reasoning = f'{{"type":"reasoning","summary":[{{"type":"summary_text","text":"**{summary}**"}}]}}'
    _line(author, made, "response_item", reasoning)
    words = command(author, made)
    arguments = f'{{\\"command\\":[\\"bash\\",\\"-lc\\",\\"{words}\\"],\\"workdir\\":\\"{made.cwd}\\"}}'
    call = f'{{"type":"function_call","name":"shell","arguments":"{arguments}","call_id":"{call_id}"}}'
    _line(author, made, "response_item", call)
    made.count(summary, words)
    output = author.output(made, author.output_size(1.8))
    made.count(output)
    # The output is itself a JSON string: what is escaped once is escaped again.
    inner = output.replace("\\", "\\\\").replace('"', '\\"')
    wrapped = f'{{\\"output\\":\\"{inner}\\",\\"metadata\\":{{\\"exit_code\\":0,\\"duration_seconds\\":0.4}}}}'
    result = f'{{"type":"function_call_output","call_id":"{call_id}","output":"{wrapped}"}}'
    _line(author, made, "response_item", result)


def _tokens(author: Author, made: Made) -> None:
    used = int(author.rng.random() * 90_000)
    usage = f'{{"input_tokens":{used},"cached_input_tokens":0,"output_tokens":168,"total_tokens":{used + 168}}}'
    _line(author, made, "event_msg", f'{{"type":"token_count","info":{{"total_token_usage":{usage}}}}}')
