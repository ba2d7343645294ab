"""Claude Code's lines: `projects/<folder>/<session>.jsonl`, one JSON object a line."""

from __future__ import annotations

import re

from benchmarks.sessions import MODELS, Author, Made, command, rounds


def folder(cwd: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "-", cwd)


def write(author: Author, started_ms: int, wanted: int) -> tuple[str, Made]:
    """(path below HOME, session) with `wanted` messages or one more."""
    made = author.start(started_ms)
    made.lines.append(_snapshot(author, made))
    rounds(author, made, wanted, _prompt, _call, _answer)
    title = author.prose.sentence(author.rng, 40)
    made.lines.append(f'{{"type":"ai-title","aiTitle":"{title}","sessionId":"{made.id}"}}')
    return f".claude/projects/{folder(made.cwd)}/{made.id}.jsonl", made


def _snapshot(author: Author, made: Made) -> str:
    message = author.uuid()
    return (
        f'{{"type":"file-history-snapshot","messageId":"{message}","snapshot":{{"messageId":"{message}",'
        f'"trackedFileBackups":{{}},"timestamp":"{made.stamp()}"}},"isSnapshotUpdate":false}}'
    )


def _line(author: Author, made: Made, kind: str, message: str, more: str = "") -> None:
    author.wait(made)
    own = author.uuid()
    made.lines.append(
        f'{{"parentUuid":{made.parent},"isSidechain":false,"userType":"external","cwd":"{made.cwd}",'
        f'"sessionId":"{made.id}","version":"2.1.55","gitBranch":"{made.branch}","type":"{kind}",'
        f'"message":{message},"uuid":"{own}","timestamp":"{made.stamp()}"{more}}}'
    )
    made.parent = f'"{own}"'


def _prompt(author: Author, made: Made) -> None:
    text = author.text(made, author.size(0.8))
    made.count(text)
    _line(author, made, "user", f'{{"role":"user","content":"{text}"}}')


def _say(author: Author, made: Made, block: str, message_id: str) -> None:
    rng = author.rng
    usage = (
        f'{{"input_tokens":{int(rng.random() * 9)},"cache_creation_input_tokens":{int(rng.random() * 9999)},'
        f'"cache_read_input_tokens":{int(rng.random() * 99999)},"output_tokens":{int(rng.random() * 999)}}}'
    )
    model = MODELS[int(made.started_ms % len(MODELS))]
    message = (
        f'{{"model":"{model}","id":"{message_id}","type":"message","role":"assistant","content":[{block}],'
        f'"stop_reason":null,"stop_sequence":null,"usage":{usage}}}'
    )
    _line(author, made, "assistant", message)


def _answer(author: Author, made: Made) -> None:
    text = author.text(made, author.size(1.2))
    made.count(text)
    _say(author, made, f'{{"type":"text","text":"{text}"}}', f"msg_{author.rng.getrandbits(96):024x}")


def _call(author: Author, made: Made) -> None:
    """One answer of two lines (a text and a tool call under the same message id), then the tool's result."""
    rng = author.rng
    message_id, call_id = f"msg_{rng.getrandbits(96):024x}", f"toolu_{rng.getrandbits(96):024x}"
    text = author.text(made, author.size(0.4)) if rng.random() < 0.5 else ""
    if text:
        _say(author, made, f'{{"type":"text","text":"{text}"}}', message_id)
    name, given, words, output = _tool(author, made)
    block = f'{{"type":"tool_use","id":"{call_id}","name":"{name}","input":{given}}}'
    _say(author, made, block, message_id)
    made.count(text, words)
    if rng.random() < 0.1:
        _progress(author, made, call_id)
    _result(author, made, call_id, name, output)


def _tool(author: Author, made: Made) -> tuple[str, str, str, str]:
    """(tool, its input as JSON, the input's words, what it answers)."""
    rng, prose = author.rng, author.prose
    path = f"{made.cwd}/{rng.choice(made.paths)}"
    chance = rng.random()
    if chance < 0.45:
        line = command(author, made)
        return (
            "Bash",
            f'{{"command":"{line}","description":"Run it"}}',
            line,
            author.output(made, author.output_size(1.3)),
        )
    if chance < 0.75:
        return "Read", f'{{"file_path":"{path}"}}', path, prose.code_lines(rng, author.output_size(1.9), numbered=True)
    old, new = prose.code_lines(rng, author.size(0.7)), prose.code_lines(rng, author.size(0.9))
    given = f'{{"file_path":"{path}","old_string":"{old}","new_string":"{new}"}}'
    return "Edit", given, path + old + new, f"The file {path} has been updated at {rng.choice(made.names)}."


def _result(author: Author, made: Made, call_id: str, tool: str, output: str) -> None:
    made.count(output)
    failed = "Traceback" in output
    also = ""
    if tool == "Bash" and author.rng.random() < 0.5:
        also = f',"toolUseResult":{{"stdout":"{output}","stderr":"","interrupted":false,"isImage":false}}'
    message = (
        f'{{"role":"user","content":[{{"tool_use_id":"{call_id}","type":"tool_result","content":"{output}",'
        f'"is_error":{"true" if failed else "false"}}}]}}'
    )
    _line(author, made, "user", message, also)


def _progress(author: Author, made: Made, call_id: str) -> None:
    author.wait(made)
    own = author.uuid()
    made.lines.append(
        f'{{"parentUuid":{made.parent},"isSidechain":false,"cwd":"{made.cwd}","sessionId":"{made.id}",'
        f'"type":"progress","data":{{"type":"bash_progress","output":"","elapsedTimeSeconds":2}},'
        f'"toolUseID":"{call_id}","timestamp":"{made.stamp()}","uuid":"{own}"}}'
    )
    made.parent = f'"{own}"'
