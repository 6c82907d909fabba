#include "flow/wording.h"

#include "config/conf.h"

const struct conf_campaign *wording_campaign(const struct settings *s, struct str name)
{
    for (size_t i = 0; i < s->conf->campaign_count; i++) {
        if (str_eqs(name, s->conf->campaigns[i].name)) {
            return &s->conf->campaigns[i];
        }
    }
    return NULL;
}

struct str wording_template(const struct settings *s, struct str campaign, int mark,
                            enum case_series series, enum channel channel)
{
    const struct conf_campaign *c = wording_campaign(s, campaign);

    for (size_t i = 0; c != NULL && i < c->rules.mark_count; i++) {
        if (c->rules.marks[i] == mark && c->marks[i].templates[channel].len > 0) {
            return c->marks[i].templates[channel];
        }
    }
    if (c != NULL && c->templates[channel].len > 0) {
        return c->templates[channel];
    }
    return str_of(render_template_for(series, mark, channel));
}

const struct conf_provider *wording_provider(const struct settings *s,
                                             const struct conf_campaign *c, enum channel channel)
{
    const struct conf_route *own = c == NULL ? NULL : &c->routes[channel];
    const struct conf_route *route =
        own != NULL && own->count > 0 ? own : &s->conf->routes[channel];

    return route->count > 0 ? route->list[0] : NULL;
}

/*
 * The plain alphabet where it suffices, else what the office asked for and nothing instead: a
 * centre that takes UCS-2 alone shows shift tables as other letters.
 */
static unsigned modes_allowed(enum sms_mode mode)
{
    return 1u << SMS_GSM7 | 1u << mode;
}

int wording_sms(const struct settings *s, const struct conf_provider *provider, struct str template,
                const struct render_values *values, struct buf *raw, struct buf *wire,
                enum sms_mode *ret_mode, struct sms_measure *ret, struct err *e)
{
    const struct sms_options options = {.reserve = (unsigned)provider->reserve_chars};
    int rc;

    buf_reset(raw);
    rc = render_sms(s->words, template, values, raw, e);
    if (rc == 0) {
        rc = sms_tidy((struct str){raw->data, raw->len}, provider->ascii ? SMS_TIDY_ASCII : 0, wire,
                      e);
    }
    if (rc == 0) {
        rc = sms_choose((struct str){wire->data, wire->len}, modes_allowed(provider->mode),
                        &options, ret_mode, ret, e);
    }
    return rc;
}
