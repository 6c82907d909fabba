/*
 * Which words a planned message will have, and how long they are as an SMS: for sending and for
 * looking ahead. Pure but for the settings they read; one user of a struct at a time.
 */
#pragma once

#include "domain/certificate.h"
#include "flow/settings.h"
#include "text/sms.h"

struct conf_campaign;
struct conf_provider;

/* The configured campaign of this name, or null. */
const struct conf_campaign *wording_campaign(const struct settings *s, struct str name);
/*
 * The template of a reminder: the mark's own, else the campaign's, else the series' of the day.
 * {null, 0} when there is none for this mark.
 */
struct str wording_template(const struct settings *s, struct str campaign, int mark,
                            enum case_series series, enum channel channel);
/* The first provider in the campaign's route (c may be null: the file's route), or null. */
const struct conf_provider *wording_provider(const struct settings *s,
                                             const struct conf_campaign *c, enum channel channel);
/*
 * The SMS as this provider sends it: rendered, tidied, folded where it has to be, in the cheapest
 * mode it allows. Appends to wire; raw is scratch. ERR_UNSUPPORTED when a letter cannot be said.
 */
int wording_sms(const struct settings *s, const struct conf_provider *provider, struct str template,
                const struct render_values *values, struct buf *raw, struct buf *wire,
                enum sms_mode *ret_mode, struct sms_measure *ret, struct err *e);
