/*
 * What a good message keeps to: addresses only of allowed hosts, no shortener, no word that turns
 * coarse when its dots are taken away, one SMS segment with the longest values, no name in an SMS,
 * no identity number, balanced HTML, the same numbers and addresses in text and HTML, subjects of
 * at most 66 characters. Pure.
 */
#pragma once

#include "text/render.h"
#include "text/sms.h"

struct lint_rules {
    const char *const
        *hosts; /* allowed besides the built-in official ones; suffix match by label */
    size_t host_count;
    int sms_segments;   /* 1 */
    size_t sms_reserve; /* septets kept for the operator's code, 5 */
    enum sms_mode mode; /* what an SMS has to be written in */
};

extern const struct lint_rules lint_default_rules;

enum { LINT_SUBJECT_MAX = 66 };

/*
 * Checks every template of a loaded set. Findings are added to faults with file:line:column: errors
 * for what must not be sent, warnings for advice. office gives the addresses of this office (its
 * hosts are allowed too); null for the examples of the name table.
 */
void lint_message_set(const struct message_set *set, const struct lint_rules *rules,
                      const struct render_office *office, struct faults *faults);
/* Official hosts: kamusm.gov.tr, tubitak.gov.tr, meb.gov.tr, and their subdomains. */
bool lint_host_allowed(struct str host, const struct lint_rules *rules);
