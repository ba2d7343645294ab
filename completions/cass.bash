# Completion for cass, written from its command table; change the table and generate it again.
# shellcheck shell=bash disable=SC2207 # mapfile is missing in the bash of macOS

_cass_paths() {
    local IFS=$'\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen "$1" -- "$cur"))
}

_cass() {
    local cur prev cmd="" words="" values="" files="" sessions="" i
    cur="${COMP_WORDS[COMP_CWORD]}"
    prev="${COMP_WORDS[COMP_CWORD - 1]}"
    # `--option=value` reaches us as three words.
    if [[ $cur == "=" ]]; then
        cur=""
    elif [[ $prev == "=" && $COMP_CWORD -ge 2 ]]; then
        prev="${COMP_WORDS[COMP_CWORD - 2]}"
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "${COMP_WORDS[i]}" in
            --data-dir|--color) ((i++)) ;;
            -*) ;;
            *) cmd="${COMP_WORDS[i]}"; break ;;
        esac
    done
    COMPREPLY=()
    case "$cmd" in
        "")
            words="--json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            values="search show sessions like resume open export pack stats index status doctor sources import forget restore secrets config models backfill worker uninstall agent-context mcp serve demo schema completion init man help version"
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        search|find|query|grep)
            words="--agent --workspace --session --exclude-session --role --since --until --include-self --mode --tier --match -F --literal --live --sort --diverse --group --refresh --timeout --semantic-mode --semantic-download-policy --semantic-fast-embedder --semantic-embedder --semantic-reranker --semantic-quality-weight --semantic-budget-mb --semantic-max-backfill-threads --semantic-wait -n --limit --offset --cursor -C --context -l --sessions-only -c --count -0 --null --jsonl --fields --stdio --format --max-content-length --max-tokens --offsets --explain --request-id --show-secrets --exit-zero --exit-status --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            case "$prev" in
                --agent) words="" values="claude_code codex gemini aider opencode cursor goose zed crush pi openclaw clawdbot oh_my_pi qwen factory mistral_vibe antigravity grok kimi kimi_code amp openhands hermes copilot entire specstory cline roo_code kilo_code copilot_cli continue chatgpt claude_ai" ;;
                --workspace) _cass_paths -d; return ;;
                --session) words="" values="" files="" sessions=1 ;;
                --exclude-session) words="" values="" files="" sessions=1 ;;
                --role) words="" values="user assistant tool system summary" ;;
                --mode) words="" values="hybrid lexical strict semantic" ;;
                --tier) words="" values="fast quality" ;;
                --match) words="" values="all most any" ;;
                --sort) words="" values="relevance newest oldest" ;;
                --group) words="" values="session none" ;;
                --refresh) words="" values="auto wait off" ;;
                --semantic-mode) words="" values="hybrid lexical strict semantic" ;;
                --offsets) words="" values="chars utf8 utf16" ;;
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
                --since|--until|--timeout|--semantic-download-policy|--semantic-fast-embedder|--semantic-embedder|--semantic-reranker|--semantic-quality-weight|--semantic-budget-mb|--semantic-max-backfill-threads|--semantic-wait|-n|--limit|--offset|--cursor|-C|--context|--fields|--format|--max-content-length|--max-tokens|--request-id) return ;;
            esac
            ;;
        show|read|view|expand)
            words="-C --context -n --line --role --tools --raw --show-secrets --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            sessions=1
            files=1
            case "$prev" in
                --role) words="" values="user assistant tool system summary" ;;
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
                -C|--context|-n|--line) return ;;
            esac
            ;;
        sessions|ls|list)
            words="--workspace --agent --since --until -n --limit --show-secrets --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            case "$prev" in
                --workspace) _cass_paths -d; return ;;
                --agent) words="" values="claude_code codex gemini aider opencode cursor goose zed crush pi openclaw clawdbot oh_my_pi qwen factory mistral_vibe antigravity grok kimi kimi_code amp openhands hermes copilot entire specstory cline roo_code kilo_code copilot_cli continue chatgpt claude_ai" ;;
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
                --since|--until|-n|--limit) return ;;
            esac
            ;;
        like|related)
            words="-n --limit --agent --workspace --since --until --exclude-session --show-secrets --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            sessions=1
            case "$prev" in
                --agent) words="" values="claude_code codex gemini aider opencode cursor goose zed crush pi openclaw clawdbot oh_my_pi qwen factory mistral_vibe antigravity grok kimi kimi_code amp openhands hermes copilot entire specstory cline roo_code kilo_code copilot_cli continue chatgpt claude_ai" ;;
                --workspace) _cass_paths -d; return ;;
                --exclude-session) words="" values="" files="" sessions=1 ;;
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
                -n|--limit|--since|--until) return ;;
            esac
            ;;
        resume)
            words="--exec --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            sessions=1
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        open)
            words="--source --show-secrets --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            sessions=1
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        export)
            words="--format -o --output --role --show-secrets --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            sessions=1
            case "$prev" in
                --format) words="" values="markdown json html" ;;
                -o|--output) _cass_paths -f; return ;;
                --role) words="" values="user assistant tool system summary" ;;
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        pack)
            words="--agent --workspace --since --until --session --exclude-session --role --include-self --match -F --literal --refresh --max-tokens --max-chars --max-sessions --show-secrets --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            case "$prev" in
                --agent) words="" values="claude_code codex gemini aider opencode cursor goose zed crush pi openclaw clawdbot oh_my_pi qwen factory mistral_vibe antigravity grok kimi kimi_code amp openhands hermes copilot entire specstory cline roo_code kilo_code copilot_cli continue chatgpt claude_ai" ;;
                --workspace) _cass_paths -d; return ;;
                --session) words="" values="" files="" sessions=1 ;;
                --exclude-session) words="" values="" files="" sessions=1 ;;
                --role) words="" values="user assistant tool system summary" ;;
                --match) words="" values="all most any" ;;
                --refresh) words="" values="auto wait off" ;;
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
                --since|--until|--max-tokens|--max-chars|--max-sessions) return ;;
            esac
            ;;
        stats|timeline)
            words="--by --agent --workspace --since --until --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            case "$prev" in
                --by) words="" values="agent workspace model day hour" ;;
                --agent) words="" values="claude_code codex gemini aider opencode cursor goose zed crush pi openclaw clawdbot oh_my_pi qwen factory mistral_vibe antigravity grok kimi kimi_code amp openhands hermes copilot entire specstory cline roo_code kilo_code copilot_cli continue chatgpt claude_ai" ;;
                --workspace) _cass_paths -d; return ;;
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
                --since|--until) return ;;
            esac
            ;;
        index|reindex)
            words="--full --rebuild --dry-run --watch --agent --progress --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            case "$prev" in
                --agent) words="" values="claude_code codex gemini aider opencode cursor goose zed crush pi openclaw clawdbot oh_my_pi qwen factory mistral_vibe antigravity grok kimi kimi_code amp openhands hermes copilot entire specstory cline roo_code kilo_code copilot_cli continue chatgpt claude_ai" ;;
                --progress) words="" values="auto plain none" ;;
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        status|st)
            words="--check --brief --semantic-mode --semantic-download-policy --semantic-fast-embedder --semantic-embedder --semantic-reranker --semantic-quality-weight --semantic-budget-mb --semantic-max-backfill-threads --semantic-wait --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            case "$prev" in
                --semantic-mode) words="" values="hybrid lexical strict semantic" ;;
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
                --semantic-download-policy|--semantic-fast-embedder|--semantic-embedder|--semantic-reranker|--semantic-quality-weight|--semantic-budget-mb|--semantic-max-backfill-threads|--semantic-wait) return ;;
            esac
            ;;
        doctor)
            words="--fix --interference --semantic-mode --semantic-download-policy --semantic-fast-embedder --semantic-embedder --semantic-reranker --semantic-quality-weight --semantic-budget-mb --semantic-max-backfill-threads --semantic-wait --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            case "$prev" in
                --semantic-mode) words="" values="hybrid lexical strict semantic" ;;
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
                --semantic-download-policy|--semantic-fast-embedder|--semantic-embedder|--semantic-reranker|--semantic-quality-weight|--semantic-budget-mb|--semantic-max-backfill-threads|--semantic-wait) return ;;
            esac
            ;;
        sources)
            words="--json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            values="show include exclude"
            case " ${COMP_WORDS[*]:0:COMP_CWORD} " in *" show "*|*" include "*|*" exclude "*) values="" ;; esac
            case "$prev" in show|include|exclude) [[ $cur == -* ]] || { _cass_paths -d; return; } ;; esac
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        import)
            words="--progress --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            files=1
            case "$prev" in
                --progress) words="" values="auto plain none" ;;
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        forget)
            words="--workspace --agent --before --role --dry-run --yes --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            sessions=1
            case "$prev" in
                --workspace) _cass_paths -d; return ;;
                --agent) words="" values="claude_code codex gemini aider opencode cursor goose zed crush pi openclaw clawdbot oh_my_pi qwen factory mistral_vibe antigravity grok kimi kimi_code amp openhands hermes copilot entire specstory cline roo_code kilo_code copilot_cli continue chatgpt claude_ai" ;;
                --role) words="" values="user assistant tool system summary" ;;
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
                --before) return ;;
            esac
            ;;
        restore)
            words="--json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            sessions=1
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        secrets)
            words="--json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        config)
            words="--origin --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            values="show get set unset path edit"
            case " ${COMP_WORDS[*]:0:COMP_CWORD} " in *" show "*|*" get "*|*" set "*|*" unset "*|*" path "*|*" edit "*) values="" ;; esac
            case "$prev" in show|get|set|unset|path|edit) values="mode download_policy fast_tier_embedder quality_tier_embedder reranker fast_dimension quality_dimension quality_weight max_refinement_docs semantic_budget_mb min_free_disk_mb max_model_size_mb max_backfill_threads max_backfill_rss_mb idle_delay_seconds chunk_timeout_seconds hnsw_min_vectors semantic_wait_ms search.limit search.refresh search.timeout_s search.fetch_k search.rrf_k search.half_life_days search.weights search.diversity search.diversity_depth search.rerank search.rerank_depth search.rerank_batch search.rerank_threads pack.max_tokens pack.max_chars embedder.mode embedder.url embedder.cache_size remote.base_url remote.model remote.dimension remote.key_env remote.timeout_s remote.max_chars remote.allow worker.background serve.host serve.port worker.on_battery worker.max_load_per_core worker.quiet_hours worker.batch worker.max_attempts worker.poll_s worker.idle_exit_s archive.enabled archive.budget_mb retention_days sources.roots redact sources.disabled sources.exclude log.level color pager plain hyperlink_format" ;; esac
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        models)
            words="--from --mirror --trust --variant --yes --semantic-mode --semantic-download-policy --semantic-fast-embedder --semantic-embedder --semantic-reranker --semantic-quality-weight --semantic-budget-mb --semantic-max-backfill-threads --semantic-wait --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            values="list install verify remove"
            case " ${COMP_WORDS[*]:0:COMP_CWORD} " in *" list "*|*" install "*|*" verify "*|*" remove "*) values="" ;; esac
            case "$prev" in
                --from) _cass_paths -f; return ;;
                --variant) words="" values="int8 fp32" ;;
                --semantic-mode) words="" values="hybrid lexical strict semantic" ;;
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
                --mirror|--trust|--semantic-download-policy|--semantic-fast-embedder|--semantic-embedder|--semantic-reranker|--semantic-quality-weight|--semantic-budget-mb|--semantic-max-backfill-threads|--semantic-wait) return ;;
            esac
            ;;
        backfill)
            words="--once --tier --until --force --semantic-mode --semantic-download-policy --semantic-fast-embedder --semantic-embedder --semantic-reranker --semantic-quality-weight --semantic-budget-mb --semantic-max-backfill-threads --semantic-wait --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            case "$prev" in
                --tier) words="" values="fast quality" ;;
                --semantic-mode) words="" values="hybrid lexical strict semantic" ;;
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
                --until|--semantic-download-policy|--semantic-fast-embedder|--semantic-embedder|--semantic-reranker|--semantic-quality-weight|--semantic-budget-mb|--semantic-max-backfill-threads|--semantic-wait) return ;;
            esac
            ;;
        worker)
            words="-n --limit --tier --semantic-mode --semantic-download-policy --semantic-fast-embedder --semantic-embedder --semantic-reranker --semantic-quality-weight --semantic-budget-mb --semantic-max-backfill-threads --semantic-wait --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            values="status start stop pause unpause log retry-dead install uninstall run"
            case " ${COMP_WORDS[*]:0:COMP_CWORD} " in *" status "*|*" start "*|*" stop "*|*" pause "*|*" unpause "*|*" log "*|*" retry-dead "*|*" install "*|*" uninstall "*|*" run "*) values="" ;; esac
            case "$prev" in
                --tier) words="" values="fast quality" ;;
                --semantic-mode) words="" values="hybrid lexical strict semantic" ;;
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
                -n|--limit|--semantic-download-policy|--semantic-fast-embedder|--semantic-embedder|--semantic-reranker|--semantic-quality-weight|--semantic-budget-mb|--semantic-max-backfill-threads|--semantic-wait) return ;;
            esac
            ;;
        uninstall)
            words="--data --dry-run --yes --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        agent-context)
            words="--json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        mcp)
            words="--json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        serve)
            words="--host --port --unix --token-file --log-level --embedder --embedder-mode --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            case "$prev" in
                --unix) _cass_paths -d; return ;;
                --token-file) _cass_paths -f; return ;;
                --log-level) words="" values="debug info warning error" ;;
                --embedder-mode) words="" values="inline sidecar auto" ;;
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
                --host|--port|--embedder) return ;;
            esac
            ;;
        demo)
            words="--json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        schema)
            words="--json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            values="search search-fields search-lines search-lines-fields show sessions resume open export pack stats index index-watch index-dry-run status sources sources-change import doctor doctor-interference forget restore secrets uninstall config config-one config-path config-edit models backfill worker worker-log mcp serve schema text version error"
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        completion)
            words="--sessions --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            values="bash zsh fish powershell"
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
                --sessions) return ;;
            esac
            ;;
        init)
            words="--key --json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            values="bash zsh fish"
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
                --key) return ;;
            esac
            ;;
        man|docs)
            words="--json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            values="search show sessions like resume open export pack stats index status doctor sources import forget restore secrets config models backfill worker uninstall agent-context mcp serve demo schema completion init man help version"
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        help)
            words="--json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            values="search show sessions like resume open export pack stats index status doctor sources import forget restore secrets config models backfill worker uninstall agent-context mcp serve demo schema completion init man help version"
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        version)
            words="--json --data-dir --color --plain --no-pager -q --quiet -v --verbose -h --help --version"
            case "$prev" in
                --data-dir) _cass_paths -d; return ;;
                --color) words="" values="auto always never" ;;
            esac
            ;;
        *) return ;;
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$cur"))
    elif [[ -n $values ]]; then
        COMPREPLY=($(compgen -W "$values" -- "$cur"))
    elif [[ -n $sessions ]]; then
        COMPREPLY=($(compgen -W "$(cass completion bash --sessions="$cur" 2>/dev/null)" -- "$cur"))
    fi
    if [[ -n $files && $cur != -* && -z ${COMPREPLY[*]} ]]; then
        _cass_paths -f
    fi
}

complete -F _cass cass
