/* How one text fares as an SMS; shared by the two forms the measure command prints. */
#pragma once

#include "base/json.h"
#include "cli/cli.h"
#include "text/sms.h"

enum { MEASURE_COSTLY_MAX = 16 };

struct measure_settings {
    struct sms_options sms;
    enum sms_mode mode; /* SMS_MODE_COUNT: the cheapest that carries the text */
    bool tidy;
    bool ascii;
    int64_t price_kurus; /* per segment, -1 when not known */
};

/* One measured text; all views point into text or into static data. */
struct measured {
    struct str text; /* as measured, after tidying where asked */
    enum sms_mode mode;
    struct sms_measure chosen;
    struct sms_measure modes[SMS_MODE_COUNT];
    struct sms_costly costly[MEASURE_COSTLY_MAX]; /* why it is not cheaper */
    size_t costly_count;
    bool improved;  /* it would be cheaper as below: */
    bool respelled; /* in plainer spelling; else only in another mode */
    enum sms_mode better_mode;
    struct sms_measure better;
};

/*
 * Takes mode, reserve and price from a provider of the configuration. CLI_OK, CLI_NOT_FOUND or
 * CLI_CONFIG after explaining on err.
 */
int measure_as_provider(struct cli *cli, const char *name, struct measure_settings *s);
/* Fills m; the text is valid UTF-8 within bounds or an error is returned. */
int measure_text(struct str text, const struct measure_settings *s, struct measured *m,
                 struct err *e);
/* One JSON object, without a newline. */
void measure_json(const struct measured *m, const struct measure_settings *s, struct buf *out);
void measure_print(struct cli *cli, const struct measured *m, const struct measure_settings *s);
