#!/usr/bin/env bash
# The differential test over many random logs: tests/seeds.sh [N] [FIRST]
# N seeds (100) from FIRST (1001, none of which the gate knows). About ten seconds a seed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/tapemeasure/target}"
export TAPEMEASURE_SEEDS="${1:-100}" TAPEMEASURE_FIRST_SEED="${2:-1001}"

cargo build --release --locked -p tapemeasure-cli
cargo test --release --locked -p tapemeasure-tests --test differential -- --nocapture
