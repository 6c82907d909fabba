/*
 * The message set: all templates of a directory (one folder per language), loaded and checked into
 * one immutable object, and the values that fill them. Pure: time is an argument. Rendering may be
 * done by any thread.
 */
#pragma once

#include "domain/certificate.h"
#include "domain/channel.h"
#include "text/names.h"

struct message_set;

enum {
    RENDER_ROWS_MAX = 2000,
    RENDER_SMS_MAX = 4096,
    RENDER_MAIL_MAX = 262144,
    RENDER_TEMPLATE_NAME_MAX = 40
};

/*
 * Loads dir/<lang>/NAME.sms, NAME.mail, their partials (_NAME.sms, _NAME.mail) and the layouts
 * (_layout.text, _layout.html). All faults of all files are added to faults; with any error
 * nothing is returned and the result is ERR_INVALID. ERR_NOMEM.
 */
int message_set_load(const char *dir, struct message_set **ret, struct faults *faults);
/* Accepts null. */
void message_set_free(struct message_set *set);
/*
 * The language in which this message can be said to somebody who wants lang: lang itself, else
 * Turkish. ERR_NOT_FOUND when there is no such template at all.
 */
int message_set_lang(const struct message_set *set, enum lang lang, enum channel channel,
                     struct str name, enum lang *ret);
bool message_set_has(const struct message_set *set, enum lang lang, enum channel channel,
                     struct str name);
/* In order of the names; for listings. */
void message_set_each(const struct message_set *set,
                      void (*fn)(void *ctx, enum lang lang, enum channel channel, const char *name),
                      void *ctx);

/* What the office says of itself; configuration. */
struct render_office {
    struct str name;     /* of the institution: "Örnekil İl Millî Eğitim Müdürlüğü" */
    struct str unit;     /* "Bilgi İşlem Şube Müdürlüğü" */
    struct str province; /* "Örnekil" */
    struct str phone;
    struct str portal;      /* the portal's address as an SMS shows it */
    struct str portal_url;  /* with https:// */
    struct str guide;       /* short address of the e-Onay guide; made from guide_url when empty */
    struct str guide_url;   /* full address */
    struct str privacy_url; /* of the privacy notice */
    struct str stop_note;   /* how to say that reminders are not needed: "… adresine e-posta" */
};

/* The guide as an SMS says it: the short address, else the full one without its scheme when it is
 * short enough, else empty. */
struct str render_short_guide(const struct render_office *office);

/* A row of a digest, texts ready to print. */
struct render_row {
    struct str institution;
    struct str name;
    int64_t end_ms;     /* 0 for none */
    int64_t applied_ms; /* 0 for none */
    struct str status;
    int waiting_days; /* negative for none */
};

/* What a message is about. Strings are borrowed and must outlive the values made from them. */
struct render_facts {
    const struct render_office *office; /* required */
    int64_t now_ms;                     /* of sending */
    struct str given_name;
    struct str family_name;
    int64_t end_ms; /* end of validity, 0 when the message has none */
    struct str institution_name;
    struct str institution_address_form; /* given by the list, never built from the name */
    int count;                           /* digests: persons */
    int window_days;
    int summary[5]; /* letters, awaited, urgent, blocked, undelivered */
    const struct render_row *rows;
    size_t row_count;
};

struct render_values; /* facts turned into texts of one language; reusable */

struct render_values *render_values_create(void);
void render_values_free(struct render_values *v);
/* Fills v from the facts. ERR_NOMEM, ERR_LIMIT (too many rows). */
int render_values_set(struct render_values *v, enum lang lang, const struct render_facts *facts);
/* Replaces one text by its name ("certificate.end_long"); ERR_NOT_FOUND for an unknown name. text
 * is borrowed. Until the next render_values_set(). */
int render_values_override(struct render_values *v, struct str name, struct str text);
/* What the examples of the name table tell of: invented. Points to constants. */
struct render_facts render_sample_facts(enum lang lang);
/* Fills v with the examples of the name table, for previews and checks. */
void render_values_sample(struct render_values *v, enum lang lang);
/* As render_values_sample, with the longest values. */
void render_values_longest(struct render_values *v, enum lang lang);
struct str render_values_get(const struct render_values *v, enum text_name name);

/*
 * Appends the text of an SMS in the language of the values. ERR_NOT_FOUND when there is no such
 * template in it (message_set_lang tells before), ERR_LIMIT, ERR_NOMEM.
 */
int render_sms(const struct message_set *set, struct str name, const struct render_values *values,
               struct buf *out, struct err *e);

/* The parts of a mail; the buffers keep their memory from one mail to the next. */
struct render_mail {
    struct buf subject;
    struct buf text;
    struct buf html;
    struct buf body;    /* scratch: the message's own words */
    struct buf outline; /* scratch: the same as HTML */
};

void render_mail_init(struct render_mail *m);
void render_mail_finish(struct render_mail *m);
/* Replaces the content of ret. Text and HTML are made from the same rendered words. Errors as
 * render_sms(). */
int render_mail(const struct message_set *set, struct str name, const struct render_values *values,
                struct render_mail *ret, struct err *e);

/*
 * The template for a mark (90, 60, 30, 15, 7, 3, 1) of a series, or for another mark the one of the
 * next smaller listed mark (below 0: "x", the certificate has ended).
 */
const char *render_template_for(enum case_series series, int mark, enum channel channel);
/* "b", "s", "t", "x"; null for NOTICE_NONE. */
const char *render_template_of_notice(enum case_notice notice);
