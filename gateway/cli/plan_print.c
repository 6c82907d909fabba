#include "cli/plan_print.h"

#include "base/civil.h"
#include "domain/calendar.h"
#include "text/turkish.h"

enum { TEXT_MAX = 256, WEEK_DAYS = 7 };

static const char *text(const struct json *v, const char *key, char out[TEXT_MAX])
{
    (void)str_copy(out, TEXT_MAX, json_str(json_get(v, key)));
    return out;
}

static int64_t instant(const struct json *v, const char *key)
{
    int64_t ms = 0;

    (void)rfc3339_parse(json_str(json_get(v, key)), &ms);
    return ms;
}

/* "4,20 TL": with the comma that readers here expect. */
static void print_money(struct cli *cli, int64_t kurus)
{
    (void)fprintf(cli->out, "%lld%c%02lld TL", (long long)(kurus / 100), cli->turkish ? ',' : '.',
                  (long long)(kurus % 100));
}

static void print_span(struct cli *cli, const struct json *root)
{
    struct buf from;
    struct buf to;

    buf_init(&from, TEXT_MAX);
    buf_init(&to, TEXT_MAX);
    (void)date_long(istanbul_day(instant(root, "from")), cli->turkish, &from);
    (void)date_long(istanbul_day(instant(root, "to")), cli->turkish, &to);
    (void)fprintf(cli->out, "%s%s – %s%s%s    %s\n", cli_style(cli, "1"),
                  cli_tr(cli, "Plan", "Plan"), buf_cstr(&from), "", cli_style(cli, "0"),
                  istanbul_day(instant(root, "from")) == istanbul_day(instant(root, "to"))
                      ? ""
                      : buf_cstr(&to));
    buf_finish(&from);
    buf_finish(&to);
}

/* ---- steps ---- */

static void print_note(struct cli *cli, const struct json *s)
{
    if (json_get_i64(s, "several_segments", 0) > 0) {
        (void)fprintf(
            cli->out,
            cli_tr(cli, "  %lld metin birden çok parça", "  %lld texts of several segments"),
            (long long)json_get_i64(s, "several_segments", 0));
    }
    if (json_get_i64(s, "moved_by_weekend", 0) > 0) {
        (void)fprintf(cli->out,
                      cli_tr(cli, "  %lld ileti hafta sonundan kaydı", "  %lld moved by a weekend"),
                      (long long)json_get_i64(s, "moved_by_weekend", 0));
    }
    if (json_get_i64(s, "moved_by_holiday", 0) > 0) {
        (void)fprintf(cli->out,
                      cli_tr(cli, "  %lld ileti tatilden kaydı", "  %lld moved by a holiday"),
                      (long long)json_get_i64(s, "moved_by_holiday", 0));
    }
}

static void print_step(struct cli *cli, const struct json *s)
{
    char campaign[TEXT_MAX];
    char channel[TEXT_MAX];
    const int64_t mark = json_get_i64(s, "mark", 0);
    const bool sms = strcmp(text(s, "channel", channel), "sms") == 0;

    (void)fprintf(cli->out, "%-20s %5lld  %-8s %8lld ", text(s, "campaign", campaign),
                  (long long)mark, sms ? "SMS" : cli_tr(cli, "e-posta", "e-mail"),
                  (long long)json_get_i64(s, "people", 0));
    if (cli_flag(cli, "cost") && sms) {
        (void)fprintf(cli->out, "%8lld  ", (long long)json_get_i64(s, "segments", 0));
        print_money(cli, json_get_i64(s, "kurus", 0));
    }
    print_note(cli, s);
    (void)fputc('\n', cli->out);
}

static void print_steps(struct cli *cli, const struct json *list)
{
    if (json_count(list) == 0) {
        (void)fprintf(cli->out, "%s\n",
                      cli_tr(cli, "Bu aralıkta gönderilecek bir şey yok.",
                             "There is nothing to be sent in this span."));
        return;
    }
    (void)fprintf(cli->out, "%s%s\n",
                  cli_tr(cli, "KAMPANYA               GÜN  KANAL        KİŞİ",
                         "CAMPAIGN              DAYS  CHANNEL    PEOPLE"),
                  cli_flag(cli, "cost") ? cli_tr(cli, "    PARÇA  TUTAR", " SEGMENTS  COST") : "");
    for (const struct json *s = json_first(list); s != NULL; s = json_next(s)) {
        print_step(cli, s);
    }
}

static void print_counts(struct cli *cli, const char *title, const struct json *list)
{
    char words[TEXT_MAX];
    char code[TEXT_MAX];

    if (json_count(list) == 0) {
        return;
    }
    (void)fprintf(cli->out, "%s\n", title);
    for (const struct json *v = json_first(list); v != NULL; v = json_next(v)) {
        const char *said = text(v, "text", words);

        (void)fprintf(cli->out, "  %8lld  %s\n", (long long)json_get_i64(v, "count", 0),
                      said[0] != '\0' ? said : text(v, "reason", code));
    }
}

static void print_total(struct cli *cli, const struct json *total)
{
    (void)fprintf(cli->out,
                  cli_tr(cli, "Toplam %lld ileti (%lld SMS, %lld e-posta)",
                         "%lld messages in all (%lld SMS, %lld e-mail)"),
                  (long long)json_get_i64(total, "messages", 0),
                  (long long)json_get_i64(total, "sms", 0),
                  (long long)json_get_i64(total, "email", 0));
    if (cli_flag(cli, "cost")) {
        (void)fprintf(cli->out, cli_tr(cli, ", %lld parça, ", ", %lld segments, "),
                      (long long)json_get_i64(total, "segments", 0));
        print_money(cli, json_get_i64(total, "kurus", 0));
    }
    (void)fprintf(cli->out, ". %s\n", cli_tr(cli, "Hiçbir şey gönderilmedi.", "Nothing was sent."));
}

static void print_late(struct cli *cli, int64_t late)
{
    if (late > 0) {
        (void)fprintf(cli->out, "%lld %s", (long long)late,
                      cli_tr(cli, "tanesinin zamanı geçti; ilk uygun saatte gider.\n",
                             "of them late, to go at the first allowed hour.\n"));
    }
}

/* What the office itself still holds back, and what ends that. */
static void print_stopped(struct cli *cli, const struct json *by)
{
    static const struct {
        const char *name;
        const char *tr;
        const char *en;
    } lines[] = {
        {"awaiting_release", "tanesi gönderim onayı bekliyor: hatirlat campaign release\n",
         "of them await a release: hatirlat campaign release\n"},
        {"paused", "tanesi duraklatma sürdükçe gitmez: hatirlat controls\n",
         "of them do not go while paused: hatirlat controls\n"},
        {"campaign_cancelled", "tanesi iptal edilen bir dizinin, gitmeyecek.\n",
         "of them are of a cancelled campaign and will not go.\n"},
    };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (json_get_i64(by, lines[i].name, 0) > 0) {
            (void)fprintf(cli->out, "%lld %s", (long long)json_get_i64(by, lines[i].name, 0),
                          cli_tr(cli, lines[i].tr, lines[i].en));
        }
    }
}

/* ---- the month calendar ---- */

static void print_month_name(struct cli *cli, int64_t day)
{
    struct buf name;
    const char *from;

    buf_init(&name, TEXT_MAX);
    (void)date_long(day, cli->turkish, &name);
    from = strchr(buf_cstr(&name), ' ');
    (void)fprintf(cli->out, "\n%s%s%s\n", cli_style(cli, "1"), from == NULL ? "" : from + 1,
                  cli_style(cli, "0"));
    (void)fprintf(cli->out, "%s\n",
                  cli_tr(cli, "   Pzt      Sal      Çar      Per      Cum      Cmt      Paz",
                         "   Mon      Tue      Wed      Thu      Fri      Sat      Sun"));
    buf_finish(&name);
}

/* One day: its number, a mark for what kind of day it is, and how many messages. */
static void print_day(struct cli *cli, const struct json *d, int day_of_month)
{
    char kind[TEXT_MAX];
    const int64_t messages = json_get_i64(d, "messages", 0);
    char mark = ' ';

    (void)text(d, "kind", kind);
    if (strcmp(kind, "holiday") == 0) {
        mark = '*';
    } else if (strcmp(kind, "half") == 0) {
        mark = '~';
    }
    if (messages > 0) {
        (void)fprintf(cli->out, "%2d%c%5lld ", day_of_month, mark, (long long)messages);
    } else {
        (void)fprintf(cli->out, "%2d%c    · ", day_of_month, mark);
    }
}

static void print_calendar(struct cli *cli, const struct json *days)
{
    int month = 0;
    int column = 0;

    for (const struct json *d = json_first(days); d != NULL; d = json_next(d)) {
        struct civil c;
        int64_t ms = 0;

        (void)istanbul_parse_end(json_str(json_get(d, "date")), &ms);
        civil_from_days(istanbul_day(ms), &c);
        if (c.month != month) {
            (void)fputs(column == 0 ? "" : "\n", cli->out);
            print_month_name(cli, istanbul_day(ms));
            month = c.month;
            column = (civil_weekday(istanbul_day(ms)) + WEEK_DAYS - 1) % WEEK_DAYS;
            (void)fprintf(cli->out, "%*s", column * 9, "");
        }
        print_day(cli, d, c.day);
        column = (column + 1) % WEEK_DAYS;
        (void)fputs(column == 0 ? "\n" : "", cli->out);
    }
    (void)fprintf(cli->out, "\n%s\n",
                  cli_tr(cli, "* tatil, ~ yarım gün, · gönderim yok",
                         "* holiday, ~ half day, · nothing to send"));
}

/* ---- one by one ---- */

static void print_item(struct cli *cli, const struct json *i)
{
    char campaign[TEXT_MAX];
    char channel[TEXT_MAX];
    char holder[TEXT_MAX];
    char words[TEXT_MAX];
    struct buf when;

    buf_init(&when, TEXT_MAX);
    (void)date_time(instant(i, "at"), cli->turkish, &when);
    (void)fprintf(cli->out, "%-17s %-20s %4lld  %-6s %-28s %s\n", buf_cstr(&when),
                  text(i, "campaign", campaign), (long long)json_get_i64(i, "mark", 0),
                  text(i, "channel", channel), text(i, "holder", holder), text(i, "text", words));
    buf_finish(&when);
}

static void print_items(struct cli *cli, const struct json *root)
{
    const int64_t left = json_get_i64(root, "items_left_off", 0);

    for (const struct json *i = json_first(json_get(root, "items")); i != NULL; i = json_next(i)) {
        print_item(cli, i);
    }
    if (left > 0) {
        (void)fprintf(cli->out,
                      cli_tr(cli, "… ve %lld satır daha; tümü için --csv\n",
                             "… and %lld lines more; --csv has them all\n"),
                      (long long)left);
    }
}

/* ---- what if ---- */

static void print_change(struct cli *cli, const struct json *now, const struct json *with)
{
    static const struct {
        const char *key;
        const char *tr;
        const char *en;
    } lines[] = {{"messages", "ileti", "messages"},
                 {"sms", "SMS", "SMS"},
                 {"email", "e-posta", "e-mails"},
                 {"segments", "parça", "segments"},
                 {"kurus", "kuruş", "kuruş"}};

    (void)fprintf(cli->out, "%s\n",
                  cli_tr(cli, "                  ŞİMDİ     YENİ     FARK",
                         "                    NOW     WITH   CHANGE"));
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const int64_t a = json_get_i64(json_get(now, "total"), lines[i].key, 0);
        const int64_t b = json_get_i64(json_get(with, "total"), lines[i].key, 0);

        (void)fprintf(cli->out, "%-14s %8lld %8lld %+8lld\n",
                      cli->turkish ? lines[i].tr : lines[i].en, (long long)a, (long long)b,
                      (long long)(b - a));
    }
}

static void print_one(struct cli *cli, const struct json *root)
{
    print_span(cli, root);
    if (cli_flag(cli, "explain")) {
        print_items(cli, root);
    }
    if (cli_flag(cli, "calendar")) {
        print_calendar(cli, json_get(root, "days"));
    }
    print_steps(cli, json_get(root, "steps"));
    print_counts(cli, cli_tr(cli, "GÖNDERİLMEYECEK", "NOT TO BE SENT"), json_get(root, "excluded"));
    print_counts(cli, cli_tr(cli, "BEKLETİLEN", "HELD"), json_get(root, "held"));
    print_total(cli, json_get(root, "total"));
    print_late(cli, json_get_i64(root, "late", 0));
    print_stopped(cli, json_get(root, "stopped_by"));
}

void plan_print(struct cli *cli, const struct json *root)
{
    const struct json *with = json_get(root, "with");

    if (with == NULL) {
        print_one(cli, root);
        return;
    }
    print_change(cli, json_get(root, "now"), with);
    (void)fprintf(cli->out, "\n%s\n", cli_tr(cli, "Yeni ayarlarla:", "With the new settings:"));
    print_one(cli, with);
}
