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

step "browser and axe-core"
# The report's page is opened in a Chromium and held against the rules of axe-core. What cannot be had here is left out, and
# the tests say which of them are skipped for it.
has_browser() { "$PYTHON" -c 'import sys; sys.path.insert(0, "tests/scripts"); import chromium; sys.exit(not chromium.find())'; }
if ! has_browser && command -v apt-get >/dev/null; then
    as_root=()
    [[ $EUID -eq 0 ]] || as_root=(sudo -n)
    if "${as_root[@]}" true 2>/dev/null; then
        apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=60)
        install=("${apt[@]}" install -y --no-install-recommends chromium)
        "${install[@]}" >&2 || { "${apt[@]}" update >&2 && "${install[@]}" >&2; } || true
    fi
fi
has_browser || echo "no Chromium, and none could be installed" >&2

axe_version=4.14.1
axe_folder="${XDG_CACHE_HOME:-$HOME/.cache}/tapemeasure/axe/$axe_version"
if [[ -z "${AXE_CORE:-}" ]]; then
    axe="$axe_folder/node_modules/axe-core/axe.min.js"
    if [[ ! -f "$axe" ]] && command -v npm >/dev/null; then
        # Whole or not at all: two gates may run at once, and one may be interrupted.
        part="$axe_folder.$$"
        mkdir -p "$part"
        alone=(--no-save --no-package-lock --ignore-scripts --fetch-retries=1)
        quiet=(--no-audit --no-fund --no-update-notifier --loglevel=error)
        npm install --prefix "$part" "${alone[@]}" "${quiet[@]}" "axe-core@$axe_version" >&2 &&
            rm -rf "$axe_folder" && mv "$part" "$axe_folder" || rm -rf "$part"
    fi
    if [[ -f "$axe" ]]; then export AXE_CORE="$axe"; else echo "no axe-core, and it could not be installed" >&2; fi
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
