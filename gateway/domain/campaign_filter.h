/*
 * Who belongs to a campaign: decided from what is known of the holder and the certificate, when
 * planning and again when sending. Pure.
 */
#pragma once

#include "domain/fact.h"

enum { FILTER_NAMES_MAX = 500, FILTER_HOLDERS_MAX = 10000 };

/* Texts in the byte order of their content, owned by the configuration. */
struct filter_names {
    char *const *items;
    size_t count;
};

/* An empty list (and no series) asks nothing. */
struct campaign_filter {
    struct filter_names institutions; /* references */
    struct filter_names units;
    struct filter_names kinds; /* of certificates */
    struct filter_names langs;
    struct filter_names include; /* holders: belong to it whatever the lists above say */
    struct filter_names exclude; /* holders: never */
    unsigned series;             /* bit per enum case_series; 0 for all */
};

/*
 * An excluded holder never belongs to it; an included one does; with `include` alone nobody else
 * does; everybody else must pass every list that is given. What is not known passes no list.
 */
bool campaign_wants(const struct campaign_filter *filter, const struct fact *known);
/* Brings texts into the order that campaign_wants() looks them up in. */
void filter_sort(char **items, size_t count);
