#include "domain/channel.h"

static const struct {
    const char *name;
    const char *tr;
    const char *en;
} channels[CHANNEL_COUNT] = {
    [CHANNEL_SMS] = {"sms", "SMS", "SMS"},
    [CHANNEL_EMAIL] = {"email", "e-posta", "e-mail"},
};

const char *channel_name(enum channel c)
{
    return c < CHANNEL_COUNT ? channels[c].name : "?";
}

const char *channel_label(enum channel c, bool turkish)
{
    if (c >= CHANNEL_COUNT) {
        return "?";
    }
    return turkish ? channels[c].tr : channels[c].en;
}

enum channel channel_parse(struct str s)
{
    enum channel c = CHANNEL_SMS;

    while (c < CHANNEL_COUNT && !str_eqs(s, channels[c].name)) {
        c++;
    }
    return c;
}
