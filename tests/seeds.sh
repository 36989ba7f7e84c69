#!/usr/bin/env bash
# The differential test over many random logs: tests/seeds.sh [N] [FIRST]
# N seeds (100) from FIRST (1001, none of which the gate knows). About ten seconds a seed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/tapemeasure/target}"
export TAPEMEASURE_SEEDS="${1:-100}" TAPEMEASURE_FIRST_SEED="${2:-1001}"

# The whole workspace, as in the gate: a part of it would have other features, and build its libraries again.
cargo build --release --locked --workspace
cargo test --release --locked --workspace --test differential -- --nocapture
