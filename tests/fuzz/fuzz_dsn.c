/*
 * A mail that claims to be a delivery report. Invariants: memory stays in bounds, every text is
 * terminated and printable where it is shown, a verdict belongs to the list, and the same bytes
 * give the same report.
 */
#include "base/utf8.h"
#include "text/dsn.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct dsn *d)
{
    const struct dsn_recipient *verdict = dsn_verdict(d);

    if (d->count > DSN_RECIPIENTS_MAX || d->address_count > DSN_ADDRESSES_MAX ||
        (d->kind == DSN_NONE) != (d->count == 0) || (verdict == NULL) != (d->count == 0)) {
        abort();
    }
    for (size_t i = 0; i < d->count; i++) {
        const struct dsn_recipient *r = &d->recipients[i];

        if (r->action >= DSN_ACTION_COUNT || strlen(r->code) > 15 ||
            strspn(r->code, "0123456789. ") != strlen(r->code)) {
            abort();
        }
        if (!utf8_clean_line(str_of(r->detail))) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dsn *first = malloc(sizeof *first);
    struct dsn *second = malloc(sizeof *second);
    struct str mail = {(const char *)data, size};

    if (dsn_read(mail, first) == 0 && dsn_read(mail, second) == 0) {
        check(first);
        if (memcmp(first, second, sizeof *first) != 0) {
            abort();
        }
    }
    free(first);
    free(second);
    return 0;
}
