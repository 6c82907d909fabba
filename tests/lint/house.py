#!/usr/bin/python3
"""The house rules that a script can check: include direction, sizes, banned calls, odd paths."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FUNCTION_LINES = 70
COMPLEXITY = 15
FILE_LINES = 500

# What the files of a layer may include (docs/design.md, "Layers").
LAYERS = {
    "gateway/base": {"base"},
    "gateway/domain": {"base", "domain"},
    "gateway/text": {"base", "domain", "text"},
    "gateway/loop": {"base", "loop"},
    "gateway/store": {"base", "domain", "loop", "store"},
    "gateway/simulate": {"base", "domain", "text", "loop", "simulate"},
    "providers": {"base", "domain", "text", "loop", "providers"},
    "config": {"base", "domain", "text", "providers", "config"},
    "gateway/flow": {"base", "domain", "text", "loop", "store", "providers", "config", "flow"},
    "gateway/api": {"base", "domain", "text", "loop", "store", "providers", "config", "flow", "api"},
    "gateway/cli": {"base", "domain", "text", "loop", "store", "providers", "config", "flow", "api",
                    "simulate", "cli"},
}
# Ports that upper layers may see; anything else of these layers is an adapter.
PORTS = {"store": {"store.h", "store_purge.h", "store_record.h", "store_thread.h"}, "providers": {"provider.h", "recipe.h"}}
PORT_ONLY = {"gateway/flow", "gateway/api", "config"}

# One third-party header, one place.
THIRD_PARTY = {
    "cjson/": ("gateway/base/json",), "cJSON.h": ("gateway/base/json",),
    "openssl/": ("gateway/base/crypto.c", "gateway/base/codec.c", "providers/smtp/",
                 "providers/smpp/"),
    "curl/": ("gateway/loop/curlmux", "gateway/cli/client_http.c"), "microhttpd.h": ("gateway/loop/httpd",),
    "sqlite3.h": ("gateway/store/store_sqlite",), "libesmtp.h": ("providers/smtp/",),
    "auth-client.h": ("providers/smtp/",), "idn2.h": ("gateway/domain/email.c",),
    "uninorm.h": ("gateway/text/nfc.c",), "csv.h": ("gateway/flow/roster",),
}
VERSIONS = "gateway/cli/version.c"  # prints the versions of all libraries

BANNED = re.compile(
    r"\b(strcpy|strcat|sprintf|vsprintf|atoi|atol|atof|strtok|gmtime|localtime|rand|srand|system|"
    r"setlocale|uv_queue_work|alloca|gets)\s*\(")
STRING_OR_COMMENT = re.compile(r'"(\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.S)

problems = []


def problem(path, line, text):
    problems.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def layer_of(path):
    name = str(path.relative_to(ROOT))
    return next((layer for layer in LAYERS if name.startswith(layer + "/")), None)


def check_includes(path, text):
    layer = layer_of(path)
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r'#include ["<]([^">]+)[">]', line)
        if not found:
            continue
        included = found.group(1)
        check_third_party(path, number, included)
        folder, _, rest = included.partition("/")
        if layer is None or folder not in {f for seen in LAYERS.values() for f in seen} or not rest:
            continue
        if folder not in LAYERS[layer]:
            problem(path, number, f"{layer} must not include {included}")
        elif layer in PORT_ONLY and folder in PORTS and rest not in PORTS[folder]:
            problem(path, number, f"{layer} may see ports only, not {included}")


def check_third_party(path, number, included):
    name = str(path.relative_to(ROOT))
    if name == VERSIONS or name.startswith("tests/"):
        return
    for header, places in THIRD_PARTY.items():
        if included.startswith(header) and not name.startswith(places):
            problem(path, number, f"{included} belongs in {places[0]} only")


def check_banned(path, text):
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    for number, line in enumerate(STRING_OR_COMMENT.sub(blank, text).splitlines(), 1):
        found = BANNED.search(line)
        if found:
            problem(path, number, f"{found.group(1)}() is banned")


def check_functions(paths):
    """pmccabe prints: modified complexity, complexity, statements, first line, lines, file(...)."""
    out = subprocess.run(["pmccabe", *map(str, paths)], capture_output=True, text=True, check=True)
    for line in out.stdout.splitlines():
        fields = line.split("\t")
        complexity, first, length = int(fields[0]), int(fields[3]), int(fields[4])
        path = pathlib.Path(fields[5].split("(")[0])
        name = fields[5].split(": ")[-1]
        if length > FUNCTION_LINES:
            problem(path, first, f"{name} has {length} lines, the limit is {FUNCTION_LINES}")
        if complexity > COMPLEXITY:
            problem(path, first, f"{name} has complexity {complexity}, the limit is {COMPLEXITY}")


def main():
    names = subprocess.run(["git", "ls-files", "*.c", "*.h"], cwd=ROOT, capture_output=True,
                           text=True, check=True).stdout.split()
    paths = [ROOT / name for name in names if (ROOT / name).exists()]
    product = [path for path in paths if not str(path.relative_to(ROOT)).startswith("tests/")]
    for path in paths:
        text = path.read_text(encoding="utf-8")
        check_includes(path, text)
        check_banned(path, text)
        lines = text.count("\n")
        if path in product and lines > FILE_LINES:
            problem(path, lines, f"{lines} lines, the limit is {FILE_LINES}")
    check_functions([path for path in product if path.suffix == ".c"])
    for line in problems:
        print(line)
    print(f"house rules: {len(paths)} files, {len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
