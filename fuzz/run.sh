#!/bin/sh
# Fuzzes decoders: run.sh SECONDS [TARGET...], each target for that long, all of them by default. Seeds are the fixtures.
# Needs cargo-fuzz (cargo install cargo-fuzz) and a C++ compiler. Runs on the stable toolchain, without a sanitizer: the
# project has no unsafe code of its own that one could look into.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:?usage: fuzz/run.sh SECONDS [TARGET...]}
shift
[ $# -gt 0 ] || set -- events chatwoot chatwoot_tables zendesk intercom front twilio whatsapp messenger slack twcs mail mapping
corpora=${TAPE_FUZZ_CORPORA:-${XDG_CACHE_HOME:-$HOME/.cache}/tapemeasure/fuzz}
target_dir=${TAPE_FUZZ_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/tapemeasure/fuzz-target}
for target; do
    corpus="$corpora/$target"
    mkdir -p "$corpus"
    n=0
    find "crates/ingest/fixtures/$target" -type f ! -name expected.ndjson ! -name rejected.txt | sort > "$corpora/$target.list"
    while read -r file; do
        n=$((n + 1))
        if [ "$target" = mapping ]; then
            { cat "data/mappings/$(basename "$(dirname "$file")").toml"; printf '\n---\n'; cat "$file"; } > "$corpus/seed-$n"
        else
            cp "$file" "$corpus/seed-$n"
        fi
    done < "$corpora/$target.list"
    echo "== $target, $n seeds, $seconds s" >&2
    cargo fuzz run --sanitizer none --release --target-dir "$target_dir" "$target" "$corpus" -- \
        -max_total_time="$seconds" -max_len=65536 -timeout=20 -rss_limit_mb=3072 -print_final_stats=1
done
