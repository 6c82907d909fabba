/*
 * Any bytes as a list of persons: a report or faults, and what was read is good. The first byte
 * picks what the titles are said to mean.
 */
#include "base/utf8.h"
#include "flow/roster_entry.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW_S = 1795327200 };

struct fuzzing {
    struct roster_report *report;
    struct roster_reading reading;
    struct roster_maps maps;
    struct roster_entry entry;
    size_t last;
    bool titled;
};

static void check_cells(const struct sheet_row *row)
{
    if (row->count == 0 || row->count > SHEET_COLUMNS_MAX) {
        abort();
    }
    for (size_t i = 0; i < row->count; i++) {
        struct str s = row->cells[i];

        if (!utf8_valid(s) || (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[s.len - 1] == ' '))) {
            abort();
        }
    }
}

static void check_entry(const struct fact *f)
{
    struct fact again;
    struct buf text;

    buf_init(&text, FACT_CANONICAL_MAX);
    if (f->certificate.ref[0] == '\0' || f->not_after_ms <= 0 || fact_canonical(f, &text) != 0 ||
        fact_read_canonical((struct str){text.data, text.len}, &again) != 0 ||
        strcmp(again.holder.ref, f->holder.ref) != 0) {
        abort();
    }
    buf_finish(&text);
}

static int on_row(void *ctx, const struct sheet_row *row)
{
    struct fuzzing *f = ctx;

    check_cells(row);
    if (row->number <= f->last) {
        abort();
    }
    f->last = row->number;
    if (!f->titled) {
        roster_columns_read(row, &f->maps, &f->report->columns);
        f->titled = true;
    } else if (roster_entry_read(&f->reading, row, &f->entry) == 0) {
        check_entry(&f->entry.fact);
    }
    return 0;
}

static void say(struct roster_maps *maps, uint8_t how, struct faults *faults)
{
    static const char *const said[] = {"#1=name",   "#2=phone",       "#3=email",  "#4=end",
                                       "#5=person", "#6=certificate", "#7=status", "#8=eonay"};

    for (size_t i = 0; i < 8; i++) {
        if ((how & 1u << i) != 0) {
            (void)roster_map_add(maps, str_of(said[i]), faults);
        }
    }
}

static void check_report(const struct roster_report *report)
{
    struct json_limits limits = {.bytes = 1 << 28, .depth = 32, .keys = 256};
    struct json_doc *doc;
    struct json_writer w;
    struct buf text;
    struct err e;

    buf_init(&text, 1 << 28);
    jsonw_init(&w, &text);
    jsonw_object(&w);
    roster_report_json(report, &w);
    jsonw_end_object(&w);
    if (json_parse((struct str){text.data, text.len}, 0, &limits, &doc, NULL, &e) != 0) {
        abort();
    }
    buf_reset(&text);
    (void)roster_errors_csv(json_get(json_root(doc), "errors"), true, &text);
    json_free(doc);
    buf_finish(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char key[HASH_KEY_SIZE] = "fuzzing";
    const struct fact_origin origin = {.now_ms = NOW_S * 1000LL, .pointer = ""};
    struct fuzzing *f;
    struct sheet_about about;
    struct faults faults;
    struct err e;
    int rc;

    if (size == 0) {
        return 0;
    }
    f = calloc(1, sizeof *f);
    f->report = calloc(1, sizeof *f->report);
    faults_init(&faults);
    roster_report_init(f->report, true);
    roster_reading_init(&f->reading, f->report, &origin, key);
    say(&f->maps, data[0], &faults);
    rc = sheet_read((struct str){(const char *)data + 1, size - 1}, on_row, f, &about, &faults, &e);
    if ((rc != 0) != (faults.errors > 0)) {
        abort();
    }
    check_report(f->report);
    roster_reading_finish(&f->reading);
    roster_report_finish(f->report);
    faults_finish(&faults);
    free(f->report);
    free(f);
    return 0;
}
