#include "domain/outcome.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[OUTCOME_COUNT] = {
    [OUTCOME_SENT] = "sent",           [OUTCOME_DUPLICATE] = "duplicate",
    [OUTCOME_REJECTED] = "rejected",   [OUTCOME_RETRY] = "retry",
    [OUTCOME_THROTTLED] = "throttled", [OUTCOME_DOWN] = "down",
    [OUTCOME_ACCOUNT] = "account",     [OUTCOME_UNKNOWN] = "unknown",
    [OUTCOME_UNTOUCHED] = "untouched",
};

const char *outcome_name(enum outcome_class c)
{
    return c < OUTCOME_COUNT ? names[c] : "?";
}

enum outcome_class outcome_parse(struct str s)
{
    enum outcome_class c = OUTCOME_SENT;

    while (c < OUTCOME_COUNT && !str_eqs(s, names[c])) {
        c++;
    }
    return c;
}

bool outcome_is(const struct outcome *o, const char *word)
{
    size_t n = strlen(word);

    return strncmp(o->code, word, n) == 0 && (o->code[n] == '\0' || o->code[n] == ' ');
}

void outcome_set(struct outcome *o, enum outcome_class class, const char *code, const char *fmt,
                 ...)
{
    va_list ap;

    *o = (struct outcome){.class = class};
    (void)snprintf(o->code, sizeof o->code, "%s", code);
    va_start(ap, fmt);
    (void)vsnprintf(o->detail, sizeof o->detail, fmt, ap);
    va_end(ap);
}
