#include "cli/import_print.h"

#include "cli/desk_words.h"

#include <stdio.h>

enum { BAR_CELLS = 10, FIRST_MS = 1000, REDRAW_MS = 200, LINE_MS = 10000, ERRORS_SHOWN = 20 };

const char *import_number(int64_t n, char out[IMPORT_NUMBER_SIZE])
{
    char digits[IMPORT_NUMBER_SIZE];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)n);
    int at = 0;

    for (int i = 0; i < length && at + 2 < IMPORT_NUMBER_SIZE; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-') {
            out[at++] = ' ';
        }
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

static const char *text(const struct json *v, const char *key)
{
    struct str s = json_str(json_get(v, key));

    return s.ptr == NULL ? "" : s.ptr;
}

/* ---- the report ---- */

static void print_file(struct cli *cli, const struct json *root)
{
    const struct json *file = json_get(root, "file");

    (void)fprintf(cli->out,
                  cli_tr(cli, "Dosya     %s, ayraç %s, başlık %lld. satırda\n",
                         "File      %s, separator %s, titles in row %lld\n"),
                  text(file, "encoding"), text(file, "separator"),
                  (long long)json_get_i64(file, "header_row", 0));
}

static void print_columns(struct cli *cli, const struct json *root)
{
    const struct json *columns = json_get(root, "columns");
    bool first = true;

    (void)fprintf(cli->out, "%s", cli_tr(cli, "Sütunlar  ", "Columns   "));
    for (const struct json *c = json_first(columns); c != NULL; c = json_next(c)) {
        if (json_type(json_get(c, "field")) == JSON_STRING) {
            (void)fprintf(cli->out, "%s%s=%s", first ? "" : ", ", text(c, "title"),
                          text(c, "field"));
            first = false;
        }
    }
    (void)fputc('\n', cli->out);
    first = true;
    for (const struct json *c = json_first(columns); c != NULL; c = json_next(c)) {
        if (json_type(json_get(c, "field")) != JSON_STRING && text(c, "title")[0] != '\0') {
            (void)fprintf(cli->out, "%s%s", first ? cli_tr(cli, "Okunmayan ", "Left out  ") : ", ",
                          text(c, "title"));
            first = false;
        }
    }
    if (!first) {
        (void)fputc('\n', cli->out);
    }
}

static void print_counts(struct cli *cli, const struct json *root)
{
    static const struct {
        const char *key;
        const char *tr;
        const char *en;
    } lines[] = {
        {"rows", "satır", "rows"},
        {"new", "yeni", "new"},
        {"changed", "değişen", "changed"},
        {"unchanged", "aynı", "unchanged"},
        {"repeated", "yinelenen", "repeated"},
        {"refused", "geri çevrilen", "refused"},
    };
    const struct json *counts = json_get(root, "counts");
    char number[IMPORT_NUMBER_SIZE];

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        int64_t n = json_get_i64(counts, lines[i].key, 0);
        bool bad = n > 0 && strcmp(lines[i].key, "refused") == 0;

        (void)fprintf(cli->out, "%s%10s %s%s\n", bad ? cli_style(cli, "31") : "",
                      import_number(n, number), cli->turkish ? lines[i].tr : lines[i].en,
                      bad ? cli_style(cli, "0") : "");
    }
}

static void print_plan(struct cli *cli, const struct json *root)
{
    const struct json *plan = json_get(root, "plan");
    char gained[IMPORT_NUMBER_SIZE];
    char lost[IMPORT_NUMBER_SIZE];
    char moved[IMPORT_NUMBER_SIZE];

    (void)fprintf(cli->out,
                  cli_tr(cli, "Plan      +%s ileti, −%s ileti, %s iletinin günü değişir\n",
                         "Plan      +%s messages, −%s messages, %s change their day\n"),
                  import_number(json_get_i64(plan, "gained", 0), gained),
                  import_number(json_get_i64(plan, "lost", 0), lost),
                  import_number(json_get_i64(plan, "moved", 0), moved));
}

static void print_gone(struct cli *cli, const struct json *root)
{
    int64_t count = json_get_i64(root, "gone_count", 0);
    char number[IMPORT_NUMBER_SIZE];
    int shown = 0;

    if (count == 0) {
        return;
    }
    (void)fprintf(cli->out,
                  cli_tr(cli, "Listeden çıkan %s kişi (silinmez, hatırlatmaları sürer):\n",
                         "%s persons are gone from the list (kept, and still reminded):\n"),
                  import_number(count, number));
    for (const struct json *p = json_first(json_get(root, "gone"));
         p != NULL && shown < ERRORS_SHOWN; p = json_next(p), shown++) {
        (void)fprintf(cli->out, "  %s  %s  %s\n", text(p, "end"), text(p, "name"),
                      text(p, "holder"));
    }
}

static void print_notes(struct cli *cli, const struct json *root)
{
    for (const struct json *n = json_first(json_get(root, "notes")); n != NULL; n = json_next(n)) {
        char number[IMPORT_NUMBER_SIZE];

        (void)fprintf(cli->out,
                      cli_tr(cli, "%sUyarı%s %s%s%s (%s satır, ilki %lld.)\n",
                             "%sNote%s %s%s%s (%s rows, first %lld)\n"),
                      cli_style(cli, "33"), cli_style(cli, "0"), text(n, "column"),
                      text(n, "column")[0] == '\0' ? "" : ": ", text(n, "text"),
                      import_number(json_get_i64(n, "count", 0), number),
                      (long long)json_get_i64(n, "first_row", 0));
    }
}

static void print_errors(struct cli *cli, const struct json *root)
{
    int64_t count = json_get_i64(root, "error_count", 0);
    int shown = 0;

    for (const struct json *v = json_first(json_get(root, "errors"));
         v != NULL && shown < ERRORS_SHOWN; v = json_next(v), shown++) {
        (void)fprintf(
            cli->out,
            cli_tr(cli, "%s%lld. satır%s %s%s%s%s: %s\n    → %s\n",
                   "%srow %lld%s %s%s%s%s: %s\n    → %s\n"),
            cli_style(cli, "31"), (long long)json_get_i64(v, "row", 0), cli_style(cli, "0"),
            text(v, "column"), text(v, "value")[0] == '\0' ? "" : " \"", text(v, "value"),
            text(v, "value")[0] == '\0' ? "" : "\"", text(v, "reason"), text(v, "remedy"));
    }
    if (count > shown) {
        (void)fprintf(cli->out,
                      cli_tr(cli, "… %lld hata daha; hepsi için: --errors hatalar.csv\n",
                             "… and %lld more; for all of them: --errors errors.csv\n"),
                      (long long)(count - shown));
    }
}

void import_print_report(struct cli *cli, const struct json *root)
{
    print_file(cli, root);
    print_columns(cli, root);
    print_counts(cli, root);
    print_plan(cli, root);
    print_gone(cli, root);
    print_notes(cli, root);
    print_errors(cli, root);
}

/* ---- imports ---- */

void import_print_list(struct cli *cli, const struct json *root)
{
    for (const struct json *v = json_first(json_get(root, "items")); v != NULL; v = json_next(v)) {
        const struct json *counts = json_get(v, "counts");
        char at[WORDS_SIZE];

        (void)fprintf(cli->out,
                      cli_tr(cli, "%s  %s  %-10s %s  %lld yeni, %lld değişen  %s\n",
                             "%s  %s  %-10s %s  %lld new, %lld changed  %s\n"),
                      text(v, "import"), words_time(cli, v, "at", at), text(v, "state"),
                      text(v, "source"), (long long)json_get_i64(counts, "new", 0),
                      (long long)json_get_i64(counts, "changed", 0), text(v, "actor"));
    }
}

void import_print_left(struct cli *cli, const struct json *root)
{
    for (const struct json *v = json_first(json_get(root, "left")); v != NULL; v = json_next(v)) {
        (void)fprintf(cli->out, "  %s  %s  %s\n", text(v, "certificate"), text(v, "holder"),
                      text(v, "reason"));
    }
}

/* ---- progress ---- */

void import_progress_begin(struct import_progress *p, struct cli *cli, bool terminal,
                           int64_t now_ms)
{
    *p = (struct import_progress){.cli = cli, .terminal = terminal, .began_ms = now_ms};
}

static void draw_bar(const struct import_progress *p, int64_t done, int64_t total)
{
    int64_t full = total > 0 ? done * BAR_CELLS / total : BAR_CELLS;

    (void)fputs("▕", p->cli->err);
    for (int64_t i = 0; i < BAR_CELLS; i++) {
        (void)fputs(i < full ? "█" : "░", p->cli->err);
    }
    (void)fputs("▏", p->cli->err);
}

static void draw(const struct import_progress *p, int64_t done, int64_t total, int64_t now_ms)
{
    int64_t spent = now_ms - p->began_ms;
    int64_t left = done > 0 ? spent * (total - done) / done / 1000 : 0;
    char a[IMPORT_NUMBER_SIZE];
    char b[IMPORT_NUMBER_SIZE];

    (void)fprintf(p->cli->err, "%s%s ", p->terminal ? "\r" : "",
                  cli_tr(p->cli, "İçe aktarılıyor", "Importing"));
    if (p->terminal) {
        draw_bar(p, done, total);
    }
    (void)fprintf(p->cli->err,
                  cli_tr(p->cli, " %lld %%  %s/%s  hata %lld  kalan %02lld:%02lld",
                         " %lld %%  %s/%s  errors %lld  left %02lld:%02lld"),
                  (long long)(total > 0 ? done * 100 / total : 100), import_number(done, a),
                  import_number(total, b), (long long)p->bad, (long long)(left / 60),
                  (long long)(left % 60));
    (void)fputs(p->terminal ? "\033[K" : "\n", p->cli->err);
    (void)fflush(p->cli->err);
}

void import_progress_show(struct import_progress *p, int64_t done, int64_t total, int64_t now_ms)
{
    int64_t wait =
        p->shown_ms != 0 ? (p->terminal ? REDRAW_MS : LINE_MS) : (p->terminal ? FIRST_MS : LINE_MS);
    int64_t since = p->shown_ms != 0 ? p->shown_ms : p->began_ms;

    if (!p->cli->quiet && now_ms - since >= wait) {
        p->shown_ms = now_ms;
        draw(p, done, total, now_ms);
    }
}

void import_progress_end(struct import_progress *p)
{
    if (p->terminal && p->shown_ms != 0) {
        (void)fputs("\r\033[K", p->cli->err);
        (void)fflush(p->cli->err);
    }
}
