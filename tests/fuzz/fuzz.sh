#!/bin/sh
# Runs every fuzz target: "fuzz.sh [SECONDS]" or "fuzz.sh -runs=N [TARGET...]". New finds stay in
# out/fuzz; the seed corpora are in tests/fuzz/corpus.
set -u
cd "$(dirname "$0")/../.." || exit 1
budget="-max_total_time=${1:-30}"
case ${1:-} in -runs=*) budget=$1 ;; esac
[ $# -gt 0 ] && shift
wanted=" $* "
failed=0
passed=0
for program in build/fuzz/tests/fuzz_*; do
    name=$(basename "$program")
    [ -x "$program" ] && [ -f "$program" ] || continue
    case $wanted in "  " | *" $name "*) ;; *) continue ;; esac
    work=out/fuzz/$name
    mkdir -p "$work"
    seeds=tests/fuzz/corpus/$name
    [ -d "$seeds" ] || seeds=""
    # What is read as one short text needs no long ones: they only make the runs fewer.
    case $name in
    fuzz_phone | fuzz_email) longest=512 ;;
    fuzz_sms | fuzz_smpp_pdu | fuzz_template | fuzz_recipe_xml) longest=2048 ;;
    fuzz_recipe_reply | fuzz_sim_request) longest=4096 ;;
    *) longest=65536 ;;
    esac
    # shellcheck disable=SC2086
    if "$program" "$budget" -timeout=10 -rss_limit_mb=2048 -max_len=$longest -print_final_stats=1 \
        -artifact_prefix="$work/" "$work" $seeds >"$work.log" 2>&1; then
        passed=$((passed + 1))
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work.log")
        echo "$name: $runs executions, nothing found"
    else
        failed=$((failed + 1))
        tail -40 "$work.log"
        echo "$name: found something, see $work" >&2
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
