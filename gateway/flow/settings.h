/* Settings: one immutable set of what an office may change, built from its files. */
#pragma once

#include "flow/apply.h"
#include "flow/gateway.h"
#include "text/render.h"

struct conf;
struct faults;
struct provider_type;

enum { SETTINGS_CAMPAIGNS_MAX = 16 };

struct settings {
    struct conf *conf;
    struct calendar *calendar;
    struct message_set *words;
    struct render_office office;
    struct apply_campaign campaigns[SETTINGS_CAMPAIGNS_MAX];
    size_t campaign_count;
    char portal_shown[64];
    int holders; /* how many keep it alive; loop thread only */
};

/*
 * Reads configuration, calendar and templates. Every fault found is added; ERR_INVALID when any is
 * an error, and nothing is returned. The caller is the first holder.
 */
int settings_load(const char *path, const struct provider_type *const *types, struct settings **ret,
                  struct faults *faults, struct err *e);
/* The same for a configuration in memory; name stands for its file and finds relative paths. */
int settings_parse(struct str text, const char *name, const struct provider_type *const *types,
                   struct settings **ret, struct faults *faults, struct err *e);
/*
 * A fault (CFG-217) per template that a campaign names and words does not have: it would be found
 * out at the moment of sending only.
 */
void settings_check_words(const struct conf *conf, const struct message_set *words,
                          struct faults *faults);
struct settings *settings_hold(struct settings *s);
/* Frees the set when nobody holds it any more. Loop thread. */
void settings_drop(struct settings *s);
/*
 * How facts are read that come in now: the default source (may be null), and what is to be done
 * with identity numbers. Points into s.
 */
struct fact_origin settings_fact_origin(const struct settings *s, int64_t now_ms,
                                        const char *source);
/* A reference given in another place than a fact is looked for as facts keep it. ERR_LIMIT. */
int settings_hide_identity(const struct settings *s, struct buf *reference);
/*
 * The key of this installation, kept with the data and made the first time; the store must be
 * writable and outside of a transaction.
 */
int settings_installation_key(struct store *s, unsigned char ret_key[HASH_KEY_SIZE], struct err *e);
/* What the applier needs, at a moment. Points into s. */
struct apply_env settings_apply_env(const struct settings *s, int64_t now_ms);
