/*
 * Any bytes as an event, in every form: a fact or faults, never both; and a fact's canonical bytes
 * read back to the same bytes. The same bytes as a stored case file must not hurt either.
 */
#include "domain/certificate.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct fact_origin origin = {
    .now_ms = 1795327200000, .source = "urn:hatirlat:fuzz", .pointer = "/0"};

static void check_round_trip(const struct fact *f)
{
    struct fact again;
    struct buf first;
    struct buf second;

    buf_init(&first, FACT_CANONICAL_MAX);
    buf_init(&second, FACT_CANONICAL_MAX);
    if (fact_canonical(f, &first) != 0 ||
        fact_read_canonical((struct str){first.data, first.len}, &again) != 0 ||
        fact_canonical(&again, &second) != 0 ||
        !str_eq((struct str){first.data, first.len}, (struct str){second.data, second.len})) {
        abort();
    }
    buf_finish(&first);
    buf_finish(&second);
}

static void check_case(const struct fact *f)
{
    struct case_file c;
    struct case_change change;
    struct fact dated = *f;

    dated.time_ms = dated.time_ms == 0 ? origin.now_ms : dated.time_ms;
    case_init(&c);
    for (enum case_role role = CASE_SELF; role <= CASE_RELATED; role++) {
        case_apply(&c, role, &dated, origin.now_ms, &change);
        case_apply(&c, role, &dated, origin.now_ms, &change);
        if (change.actions != 0 || change.notice != NOTICE_NONE) {
            abort();
        }
    }
}

static void check(int rc, const struct fact *f, const struct faults *faults)
{
    if ((rc == 0) != (faults->errors == 0)) {
        abort();
    }
    if (rc == 0) {
        check_round_trip(f);
        check_case(f);
    }
}

static void read_event(const struct json *event)
{
    for (enum fact_form form = FACT_ANY; form <= FACT_BARE; form++) {
        struct faults faults;
        struct fact f;

        faults_init(&faults);
        check(fact_from_json(event, form, &origin, &f, &faults), &f, &faults);
        faults_finish(&faults);
    }
}

/* Members of the object become headers, so that the fuzzer can mutate them as JSON. */
static void read_binary(const struct json *event)
{
    struct fact_header headers[16];
    struct faults faults;
    struct fact f;
    size_t count = 0;

    for (const struct json *v = json_first(event); v != NULL && count < 16; v = json_next(v)) {
        headers[count].name = str_of(json_key(v));
        headers[count].value = json_str(v);
        count += headers[count].name.ptr != NULL ? 1 : 0;
    }
    faults_init(&faults);
    check(fact_from_binary(headers, count, json_get(event, "data"), &origin, &f, &faults), &f,
          &faults);
    faults_finish(&faults);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct json_doc *doc;
    struct case_file file;
    struct err e;

    (void)case_read(text, &file);
    if (json_parse(text, 0, &json_default_limits, &doc, NULL, &e) != 0) {
        return 0;
    }
    read_event(json_root(doc));
    read_binary(json_root(doc));
    json_free(doc);
    return 0;
}
