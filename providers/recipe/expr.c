#include "providers/recipe/expr.h"

#include "providers/recipe/xml.h"

#include <locale.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    ALTERNATIVES_MAX = 8,
    ALTERNATIVE_MAX = 64,
    REGEX_MAX = 512,
    /* What a regular expression gets to see of a body: its cost grows with the length. */
    REGEX_BODY_MAX = 4096
};

enum source { SOURCE_JSON, SOURCE_XML, SOURCE_KV, SOURCE_REGEX, SOURCE_TEXT, SOURCE_HTTP };
enum question { QUESTION_IS_THERE, QUESTION_EQUAL, QUESTION_DIFFERENT };

struct expr {
    enum source source;
    enum question question;
    char *pointer; /* up to "*" */
    char *below;   /* what follows "*"; null without one */
    regex_t regex;
    bool has_regex;
    char alternatives[ALTERNATIVES_MAX][ALTERNATIVE_MAX];
    size_t count;
};

static int read_alternatives(struct expr *x, struct str rest, struct fault *why)
{
    while (rest.len > 0) {
        const char *close;

        rest = str_trim(rest);
        close = rest.len < 2 || rest.ptr[0] != '"' ? NULL : memchr(rest.ptr + 1, '"', rest.len - 1);
        if (close == NULL || x->count == ALTERNATIVES_MAX ||
            str_copy(x->alternatives[x->count], ALTERNATIVE_MAX,
                     (struct str){rest.ptr + 1, (size_t)(close - rest.ptr) - 1}) != 0) {
            return fault_say(
                why, ERR_INVALID, "== ve != ardından 1 – %d değer gelir: \"a\" | \"b\"",
                "after == and != come 1 to %d values: \"a\" | \"b\"", ALTERNATIVES_MAX);
        }
        x->count++;
        rest = str_trim((struct str){close + 1, rest.len - (size_t)(close - rest.ptr) - 1});
        if (rest.len > 0 && rest.ptr[0] != '|') {
            return fault_say(why, ERR_INVALID, "değerler | ile ayrılır",
                             "values are separated by |");
        }
        rest = rest.len == 0 ? rest : (struct str){rest.ptr + 1, rest.len - 1};
    }
    return x->count > 0 ? 0
                        : fault_say(why, ERR_INVALID, "== ya da != ardından değer yok",
                                    "a value is missing after == or !=");
}

/* Cuts " == …" or " != …" off the end of a JSON, text or http expression. */
static int read_question(struct expr *x, struct str *text, struct fault *why)
{
    const char *at = memmem(text->ptr, text->len, " == ", 4);

    x->question = QUESTION_EQUAL;
    if (at == NULL) {
        at = memmem(text->ptr, text->len, " != ", 4);
        x->question = QUESTION_DIFFERENT;
    }
    if (at == NULL) {
        x->question = QUESTION_IS_THERE;
        return 0;
    }
    struct str rest = {at + 4, text->len - (size_t)(at - text->ptr) - 4};

    text->len = (size_t)(at - text->ptr);
    return read_alternatives(x, rest, why);
}

/*
 * Compiles in the locale "C": in a Turkish one [A-Z] does not hold "I". Only this thread, and only
 * meanwhile.
 */
static int compile_regex(regex_t *regex, const char *text)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t before = uselocale(plain);
    int failed = regcomp(regex, text, REG_EXTENDED);

    (void)uselocale(before);
    if (plain != (locale_t)0) {
        freelocale(plain);
    }
    return failed;
}

static int read_regex(struct expr *x, struct str pattern, struct fault *why)
{
    char text[REGEX_MAX];
    int failed;

    if (pattern.len == 0 || pattern.ptr[0] != '^' || str_copy(text, sizeof(text), pattern) != 0) {
        return fault_say(
            why, ERR_INVALID,
            "düzenli ifade ^ ile başlar ve en çok %d bayttır: başa bağlı olmayan, eşini ileti "
            "metninde bulabilir",
            "a regular expression begins with ^ and has at most %d bytes: one that is not anchored "
            "could find its match in a message text",
            REGEX_MAX - 1);
    }
    failed = compile_regex(&x->regex, text);
    if (failed != 0) {
        char reason[128];

        regerror(failed, &x->regex, reason, sizeof(reason));
        return fault_say(why, ERR_INVALID, "düzenli ifade hatalı: %s",
                         "the regular expression is wrong: %s", reason);
    }
    x->has_regex = true;
    return 0;
}

/* A JSON pointer, at most one of its steps being "*". */
static int read_pointer(struct expr *x, struct str pointer, struct fault *why)
{
    const char *star = memmem(pointer.ptr, pointer.len, "/*", 2);
    struct str rest = {NULL, 0};

    if (star != NULL) {
        rest = (struct str){star + 2, pointer.len - (size_t)(star - pointer.ptr) - 2};
        pointer.len -= rest.len + 2;
        x->below = str_dup(rest);
    }
    if ((pointer.len > 0 && pointer.ptr[0] != '/') || (rest.len > 0 && rest.ptr[0] != '/') ||
        (rest.len > 0 && memmem(rest.ptr, rest.len, "/*", 2) != NULL)) {
        return fault_say(why, ERR_INVALID, "JSON yolu \"/\" ile başlar ve en çok bir \"/*\" içerir",
                         "a JSON pointer begins with \"/\" and holds at most one \"/*\"");
    }
    x->pointer = str_dup(pointer);
    return x->pointer == NULL || (star != NULL && x->below == NULL)
               ? fault_say(why, ERR_NOMEM, "bellek yetmedi", "no memory for an expression")
               : 0;
}

static int read_path(struct expr *x, enum source source, struct str path, struct fault *why)
{
    x->source = source;
    if (memchr(path.ptr, ' ', path.len) != NULL) {
        return fault_say(why, ERR_INVALID, "yolda ya da adda boşluk olmaz",
                         "a path or name holds no blanks");
    }
    if (source == SOURCE_JSON) {
        return read_pointer(x, path, why);
    }
    if (path.len == 0 || (source == SOURCE_XML) != (path.ptr[0] == '/')) {
        return fault_say(why, ERR_INVALID, "xml:/yol \"/\" ile başlar, kv:ad başlamaz",
                         "xml:/path begins with \"/\", kv:name does not");
    }
    x->pointer = str_dup(path);
    if (x->pointer != NULL && source == SOURCE_XML && !xml_path_valid(x->pointer)) {
        return fault_say(why, ERR_INVALID, "xml:/yol en çok %d adlı basamaktır",
                         "xml:/path has at most %d steps with names", XML_DEPTH_MAX);
    }
    return x->pointer == NULL
               ? fault_say(why, ERR_NOMEM, "bellek yetmedi", "no memory for an expression")
               : 0;
}

static struct str skip(struct str s, size_t n)
{
    return (struct str){s.ptr + n, s.len - n};
}

static int read_source(struct expr *x, struct str text, struct fault *why)
{
    if (str_starts(text, "regex:")) {
        x->source = SOURCE_REGEX;
        return read_regex(x, skip(text, 6), why);
    }
    if (read_question(x, &text, why) != 0) {
        return ERR_INVALID;
    }
    if (str_eqs(text, "text") || str_eqs(text, "http")) {
        x->source = text.ptr[0] == 't' ? SOURCE_TEXT : SOURCE_HTTP;
        return 0;
    }
    if (str_starts(text, "json:")) {
        return read_path(x, SOURCE_JSON, skip(text, 5), why);
    }
    if (str_starts(text, "xml:")) {
        return read_path(x, SOURCE_XML, skip(text, 4), why);
    }
    if (str_starts(text, "kv:")) {
        return read_path(x, SOURCE_KV, skip(text, 3), why);
    }
    return fault_say(
        why, ERR_INVALID,
        "ifade json:/yol, xml:/yol, kv:ad, regex:^…, text ya da http olur; regex dışındakilerin "
        "ardından == ya da != ile tırnak içinde değerler gelebilir",
        "an expression is json:/pointer, xml:/path, kv:name, regex:^…, text or http; all but regex "
        "may be followed by == or != and values in quotes");
}

int expr_parse(struct str text, struct expr **ret, struct fault *why)
{
    struct expr *x = calloc(1, sizeof(*x));
    int code;

    if (x == NULL) {
        return fault_say(why, ERR_NOMEM, "bellek yetmedi", "no memory for an expression");
    }
    code = read_source(x, str_trim(text), why);
    if (code != 0) {
        expr_free(x);
        return code;
    }
    *ret = x;
    return 0;
}

void expr_free(struct expr *x)
{
    if (x == NULL) {
        return;
    }
    if (x->has_regex) {
        regfree(&x->regex);
    }
    free(x->pointer);
    free(x->below);
    free(x);
}

bool expr_take_text(struct str s, char *out, size_t cap)
{
    out[0] = '\0';
    return s.len > 0 && memchr(s.ptr, '\0', s.len) == NULL && str_copy(out, cap, s) == 0;
}

bool expr_json_text(const struct json *v, char *out, size_t cap)
{
    struct json_writer w;
    struct buf digits;
    bool fits;

    out[0] = '\0';
    switch (json_type(v)) {
    case JSON_STRING:
        return json_str(v).len > 0 && str_copy(out, cap, json_str(v)) == 0;
    case JSON_BOOL:
        return str_copy(out, cap, json_bool(v, false) ? STR("true") : STR("false")) == 0;
    case JSON_NUMBER:
        buf_init(&digits, cap);
        jsonw_init(&w, &digits);
        jsonw_value(&w, v);
        fits = buf_failed(&digits) == 0 &&
               str_copy(out, cap, (struct str){digits.data, digits.len}) == 0;
        buf_finish(&digits);
        return fits;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return false;
}

static bool extract_regex(const struct expr *x, struct str body, char *out)
{
    char text[REGEX_BODY_MAX];
    regmatch_t found[2];
    const regmatch_t *m;
    size_t n = body.len < sizeof(text) ? body.len : sizeof(text) - 1;

    if (n == 0) {
        return false;
    }
    memcpy(text, body.ptr, n);
    text[n] = '\0';
    if (regexec(&x->regex, text, 2, found, 0) != 0) {
        return false;
    }
    m = x->regex.re_nsub > 0 && found[1].rm_so >= 0 ? &found[1] : &found[0];
    return m->rm_eo > m->rm_so &&
           str_copy(out, EXPR_TEXT_MAX,
                    (struct str){text + m->rm_so, (size_t)(m->rm_eo - m->rm_so)}) == 0;
}

bool expr_kv_text(struct str body, const char *name, char *out, size_t cap)
{
    size_t n = strlen(name);

    out[0] = '\0';
    while (body.len > 0) {
        size_t end = 0;

        while (end < body.len && memchr(" \t\r\n&", body.ptr[end], 5) == NULL) {
            end++;
        }
        if (end > n && memcmp(body.ptr, name, n) == 0 && body.ptr[n] == '=') {
            return expr_take_text((struct str){body.ptr + n + 1, end - n - 1}, out, cap);
        }
        body = skip(body, end < body.len ? end + 1 : end);
    }
    return false;
}

static bool is_one_of(const struct expr *x, const char *found)
{
    for (size_t i = 0; i < x->count; i++) {
        if (strcmp(found, x->alternatives[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The first element that has it; of several, the first that answers "==" with yes. */
static bool extract_json(const struct expr *x, const struct recipe_reply *reply, char *out)
{
    const struct json *v = reply->doc == NULL ? NULL : json_at(json_root(reply->doc), x->pointer);
    bool found = false;

    if (x->below == NULL) {
        return expr_json_text(v, out, EXPR_TEXT_MAX);
    }
    for (v = json_type(v) == JSON_ARRAY ? json_first(v) : NULL; v != NULL; v = json_next(v)) {
        char text[EXPR_TEXT_MAX];

        if (expr_json_text(json_at(v, x->below), text, sizeof(text)) &&
            (!found ||
             (x->question == QUESTION_EQUAL && is_one_of(x, text) && !is_one_of(x, out)))) {
            memcpy(out, text, sizeof(text));
            found = true;
        }
    }
    return found;
}

bool expr_extract(const struct expr *x, const struct recipe_reply *reply, char out[EXPR_TEXT_MAX])
{
    struct str body = str_trim(reply->body);

    out[0] = '\0';
    if (x == NULL) {
        return false;
    }
    switch (x->source) {
    case SOURCE_JSON:
        return extract_json(x, reply, out);
    case SOURCE_XML:
        return xml_find(body, x->pointer, out, EXPR_TEXT_MAX);
    case SOURCE_KV:
        return expr_kv_text(body, x->pointer, out, EXPR_TEXT_MAX);
    case SOURCE_REGEX:
        return extract_regex(x, body, out);
    case SOURCE_TEXT:
        return expr_take_text(body, out, EXPR_TEXT_MAX);
    case SOURCE_HTTP:
        snprintf(out, EXPR_TEXT_MAX, "%d", reply->status);
        return true;
    }
    return false;
}

bool expr_holds(const struct expr *x, const struct recipe_reply *reply)
{
    char found[EXPR_TEXT_MAX];
    bool there;

    if (x == NULL) {
        return true;
    }
    there = expr_extract(x, reply, found);
    switch (x->question) {
    case QUESTION_EQUAL:
        return there && is_one_of(x, found);
    case QUESTION_DIFFERENT:
        return there && !is_one_of(x, found);
    case QUESTION_IS_THERE:
        break;
    }
    return there;
}
