#include "domain/outcome.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name;
    const char *tr;
    const char *en;
} words[OUTCOME_COUNT] = {
    [OUTCOME_SENT] = {"sent", "sağlayıcı iletiyi aldı", "the provider took it"},
    [OUTCOME_DUPLICATE] = {"duplicate", "sağlayıcı iletiyi daha önce almış",
                           "the provider had it already"},
    [OUTCOME_REJECTED] = {"rejected", "sağlayıcı bu iletiyi geri çevirdi",
                          "the provider refused this message"},
    [OUTCOME_RETRY] = {"retry", "sağlayıcı sonra denenmesini istedi",
                       "the provider asked for a later attempt"},
    [OUTCOME_THROTTLED] = {"throttled", "sağlayıcı yavaşlatılmasını istedi",
                           "the provider asked to slow down"},
    [OUTCOME_DOWN] = {"down", "sağlayıcıya ulaşılamadı", "the provider could not be reached"},
    [OUTCOME_ACCOUNT] = {"account", "sağlayıcı hesabında sorun var (parola, kredi ya da başlık)",
                         "trouble with the provider's account (password, credit or sender)"},
    [OUTCOME_UNKNOWN] = {"unknown", "sağlayıcının alıp almadığı bilinmiyor; gitmiş olabilir",
                         "nobody knows whether the provider took it; it may have been sent"},
    [OUTCOME_UNTOUCHED] = {"untouched", "sağlayıcıya verilmedi",
                           "it was not given to the provider"},
};

const char *outcome_name(enum outcome_class c)
{
    return c < OUTCOME_COUNT ? words[c].name : "?";
}

const char *outcome_sentence(enum outcome_class c, bool turkish)
{
    if (c >= OUTCOME_COUNT) {
        return "?";
    }
    return turkish ? words[c].tr : words[c].en;
}

enum outcome_class outcome_parse(struct str s)
{
    enum outcome_class c = OUTCOME_SENT;

    while (c < OUTCOME_COUNT && !str_eqs(s, words[c].name)) {
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
