#!/usr/bin/env bash
# Everything that must hold before a change goes in: form, lints, arrows between crates, build, tests. Ends non-zero on any
# failure; its last line counts the tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# One target folder for every clone on a machine: DataFusion is built once.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/tapemeasure/target}"
export PYTHON="${PYTHON:-python3}"

step() { printf '\n== %s\n' "$*" >&2; }

step "python packages"
if ! "$PYTHON" -c 'import deltalake, pyarrow' 2>/dev/null; then
    packages=(deltalake pyarrow)
    # A Python that the system manages wants to be told that this is meant.
    "$PYTHON" -m pip install --quiet "${packages[@]}" 2>/dev/null ||
        "$PYTHON" -m pip install --quiet --break-system-packages "${packages[@]}"
fi

step "form"
cargo fmt --all --check

step "arrows between crates, one version set"
"$PYTHON" tests/arrows.py

step "lints"
cargo clippy --release --workspace --all-targets --locked -- -D warnings

step "build"
cargo build --release --workspace --locked

step "tests"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
status=0
cargo test --release --workspace --locked --no-fail-fast 2>&1 | tee "$log" || status=$?

# A test that says SKIPPED ends well for the test runner, but has shown nothing: it is not counted as passed.
awk '
    { said += gsub(/SKIPPED: /, "") }
    /test result: / {
        for (i = 2; i <= NF; i++) {
            if ($i == "passed;") passed += $(i - 1)
            if ($i == "failed;") failed += $(i - 1)
            if ($i == "ignored;") ignored += $(i - 1)
        }
    }
    END { printf "%d passed, %d failed, %d skipped\n", passed - said, failed, ignored + said }
' "$log"
exit "$status"
