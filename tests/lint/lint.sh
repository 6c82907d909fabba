#!/bin/sh
# All static checks; every one runs even when an earlier one failed.
set -u
cd "$(dirname "$0")/../.." || exit 1
failed=0
run_check() {
    echo "-- $1"
    shift
    "$@" || {
        failed=1
        echo "   failed" >&2
    }
}

sources=$(git ls-files '*.c' '*.h')

check_format() {
    # shellcheck disable=SC2086
    clang-format-14 --dry-run -Werror $sources
}

check_cppcheck() {
    # shellcheck disable=SC2046
    cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
        --suppressions-list=tests/lint/cppcheck.txt --error-exitcode=1 -j2 -Igateway -I. \
        -Ibuild/crash/generated $(git ls-files 'gateway/*.c' 'providers/*.c' 'config/*.c')
}

check_analyzer() {
    # A build of its own: gcc's analyzer reads every function's paths.
    cmake -S . -B build/analyzer -G Ninja -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug \
        -DHATIRLAT_ANALYZER=ON >/dev/null && cmake --build build/analyzer --target hatirlat -- -k 0
}

check_shell() {
    shellcheck -S warning run .ci/run tests/lint/lint.sh tests/fuzz/fuzz.sh
}

run_check "house rules (layers, sizes, banned calls)" /usr/bin/python3 tests/lint/house.py
run_check "clang-format" check_format
run_check "shellcheck" check_shell
run_check "cppcheck" check_cppcheck
run_check "gcc -fanalyzer" check_analyzer
[ "$failed" = 0 ] && echo "lint: all clean"
exit "$failed"
