/*
 * Reports that match no message yet are kept for a day (RECORD_REPORT): a vendor's report can be
 * faster than the vendor's own answer, or than our storing of it. Store thread, in the caller's
 * transaction when they write.
 */
#pragma once

#include "providers/provider.h"
#include "store/store_record.h"

enum { REPORTS_KEPT_A_DAY = 10000, REPORT_CODE_MAX = 31, REPORT_DETAIL_MAX = 199 };

struct kept_report {
    struct str provider;
    struct str provider_ref;
    struct str to; /* "" when the report names no number */
    enum report_state state;
    bool repeat; /* it says that the provider dropped the message because it had it already */
    struct str code;
    struct str detail;
    int64_t at_ms;
    int64_t received_ms;
};

/*
 * Replaces an earlier one about the same number, unless that said "delivered"; *ret_new: there was
 * none.
 */
int reports_keep(struct store *s, const struct kept_report *report, bool *ret_new, struct err *e);
/* Whether anything is kept: most days there is nothing, and nobody need ask for each answer. */
int reports_any_kept(struct store *s, bool *ret_any, struct err *e);
/* Whether something is kept for this answer. */
int reports_are_kept(struct store *s, struct str provider, struct str provider_ref, bool *ret_kept,
                     struct err *e);
/* Shows what is kept for this answer and forgets it; strings live until fn returns. */
int reports_take_kept(struct store *s, struct str provider, struct str provider_ref,
                      int (*fn)(void *ctx, const struct kept_report *report), void *ctx,
                      struct err *e);
