#include "cli/measure.h"
#include "base/utf8.h"
#include "cli/commands.h"

enum { LINE_MAX_BYTES = 6 * SMS_TEXT_MAX };

/* What the command line says outweighs the provider. */
static int read_settings(struct cli *cli, struct measure_settings *s)
{
    const char *mode = cli_value(cli, "mode");
    const char *provider = cli_value(cli, "provider");
    int64_t reserve;
    int rc;

    s->mode = SMS_MODE_COUNT;
    s->price_kurus = -1;
    rc = provider == NULL ? CLI_OK : measure_as_provider(cli, provider, s);
    if (rc == 0) {
        rc = cli_int(cli, "reserve", 0, SMS_RESERVE_MAX, s->sms.reserve, &reserve);
    }
    if (rc == 0) {
        s->sms.reserve = (unsigned)reserve;
        rc = cli_int(cli, "price", 0, 100000, s->price_kurus, &s->price_kurus);
    }
    s->ascii = s->ascii || cli_flag(cli, "ascii");
    s->tidy = s->tidy || s->ascii || cli_flag(cli, "tidy");
    if (rc == 0 && mode != NULL && strcmp(mode, "auto") != 0) {
        s->mode = sms_mode_parse(str_of(mode));
        if (s->mode == SMS_MODE_COUNT) {
            rc = cli_usage(cli, cli_tr(cli, "bilinmeyen kip: %s", "unknown mode: %s"), mode);
        }
    }
    return rc;
}

/* Measures text, tidied into tidied where asked. */
static int measure_one(struct str text, const struct measure_settings *s, struct buf *tidied,
                       struct measured *m, struct err *e)
{
    int rc;

    buf_reset(tidied);
    if (s->tidy) {
        rc = sms_tidy(text, s->ascii ? SMS_TIDY_ASCII : 0, tidied, e);
        if (rc != 0) {
            return rc;
        }
        text = (struct str){tidied->data, tidied->len};
    }
    return measure_text(text, s, m, e);
}

static int measure_and_print(struct cli *cli, struct str text, const struct measure_settings *s)
{
    static struct measured m;
    struct buf tidied;
    struct buf out;
    struct err e;
    int rc;

    buf_init(&tidied, SMS_TEXT_MAX * 2);
    buf_init(&out, LINE_MAX_BYTES * 2);
    rc = measure_one(text, s, &tidied, &m, &e);
    if (rc != 0) {
        cli_error(cli, "%s", e.text);
    } else if (cli->json) {
        measure_json(&m, s, &out);
        fprintf(cli->out, "%s\n", buf_cstr(&out));
    } else {
        measure_print(cli, &m, s);
    }
    rc = rc != 0 ? CLI_FAILED : m.chosen.encodable ? CLI_OK : CLI_REFUSED;
    buf_finish(&tidied);
    buf_finish(&out);
    return rc;
}

/* One line into line without its end; false at the end of input. Overlong lines are cut short. */
static bool read_line(FILE *in, struct buf *line)
{
    int c = getc_unlocked(in);

    buf_reset(line);
    if (c == EOF) {
        return false;
    }
    for (; c != EOF && c != '\n'; c = getc_unlocked(in)) {
        buf_addc(line, (char)c);
    }
    if (line->len > 0 && line->data[line->len - 1] == '\r') {
        buf_truncate(line, line->len - 1);
    }
    return true;
}

static void answer_error(const char *text, struct buf *out)
{
    struct json_writer w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    jsonw_put(&w, "error", text);
    jsonw_end_object(&w);
}

static int answer_line(const struct buf *line, const struct measure_settings *s, struct buf *tidied,
                       struct buf *out)
{
    static const struct json_limits limits = {.bytes = LINE_MAX_BYTES, .depth = 1, .keys = 16};
    static struct measured m;
    struct json_doc *doc = NULL;
    struct err e;
    int rc = buf_failed(line) != 0
                 ? err_set(&e, ERR_LIMIT, "the line is longer than %d bytes", LINE_MAX_BYTES)
                 : json_parse((struct str){line->data, line->len}, 0, &limits, &doc, NULL, &e);

    if (rc == 0 && json_type(json_root(doc)) != JSON_STRING) {
        rc = err_set(&e, ERR_INVALID, "the line is not a JSON string");
    }
    if (rc == 0) {
        rc = measure_one(json_str(json_root(doc)), s, tidied, &m, &e);
    }
    if (rc == 0) {
        measure_json(&m, s, out);
    } else {
        answer_error(e.text, out);
    }
    json_free(doc);
    return rc;
}

static int measure_lines(struct cli *cli, FILE *in, const struct measure_settings *s)
{
    struct buf line;
    struct buf tidied;
    struct buf out;
    bool partly = false;

    buf_init(&line, LINE_MAX_BYTES);
    buf_init(&tidied, SMS_TEXT_MAX * 2);
    buf_init(&out, LINE_MAX_BYTES * 2);
    while (read_line(in, &line) && !ferror(cli->out)) {
        buf_reset(&out);
        partly = answer_line(&line, s, &tidied, &out) != 0 || partly;
        fprintf(cli->out, "%s\n", buf_cstr(&out));
    }
    buf_finish(&line);
    buf_finish(&tidied);
    buf_finish(&out);
    return partly ? CLI_PARTLY : CLI_OK;
}

static int run_lines(struct cli *cli, const char *path, const struct measure_settings *s)
{
    FILE *in = path == NULL || strcmp(path, "-") == 0 ? cli->in : fopen(path, "rbe");
    int rc;

    if (in == NULL) {
        cli_error(cli, cli_tr(cli, "%s açılamadı", "%s cannot be opened"), path);
        return CLI_NOT_FOUND;
    }
    rc = measure_lines(cli, in, s);
    if (in != cli->in) {
        fclose(in);
    }
    return rc;
}

/* The text of the arguments, joined by blanks, or of a file without its last line end. */
static int gather(int argc, char **argv, struct cli *cli, struct buf *text)
{
    const char *path = cli_value(cli, "file");
    int rc;

    for (int i = 0; i < argc && !(argc == 1 && strcmp(argv[0], "-") == 0); i++) {
        if (i > 0) {
            buf_addc(text, ' ');
        }
        buf_adds(text, argv[i]);
    }
    if (text->len > 0 || (argc > 0 && strcmp(argv[0], "-") != 0)) {
        return CLI_OK;
    }
    rc = cli_read(cli, path == NULL ? "-" : path, text);
    if (text->len > 0 && text->data[text->len - 1] == '\n') {
        buf_truncate(text, text->len - 1);
    }
    if (text->len > 0 && text->data[text->len - 1] == '\r') {
        buf_truncate(text, text->len - 1);
    }
    return rc;
}

static int run_measure(int argc, char **argv, struct cli *cli)
{
    struct measure_settings settings = {0};
    struct buf text;
    int rc = read_settings(cli, &settings);

    if (rc != 0) {
        return rc;
    }
    if (argc > 0 && (cli_value(cli, "file") != NULL || cli_flag(cli, "ndjson"))) {
        return cli_usage(cli, cli_tr(cli, "metin ya değer olarak ya da dosyadan verilir",
                                     "give the text either as an argument or in a file"));
    }
    if (cli_flag(cli, "ndjson")) {
        return run_lines(cli, cli_value(cli, "file"), &settings);
    }
    buf_init(&text, SMS_TEXT_MAX * 2);
    rc = gather(argc, argv, cli, &text);
    if (rc == CLI_OK) {
        rc = measure_and_print(cli, (struct str){text.data, text.len}, &settings);
    }
    buf_finish(&text);
    return rc;
}

static const struct cli_option options[] = {
    {.name = "file",
     .letter = 'f',
     .arg = "FILE",
     .tr = "metni dosyadan oku (- : girdi)",
     .en = "read the text from a file (-: input)"},
    {.name = "ndjson",
     .tr = "her satırda bir JSON metni, her satıra bir sonuç",
     .en = "one JSON string per line, one result per line"},
    {.name = "mode",
     .letter = 'm',
     .arg = "MODE",
     .tr = "auto gsm7 tr_single tr_locking tr_both ucs2",
     .en = "auto gsm7 tr_single tr_locking tr_both ucs2"},
    {.name = "provider",
     .arg = "NAME",
     .tr = "ayar dosyasındaki sağlayıcının kipi, payı, fiyatı",
     .en = "mode, reserve and price of a provider in the settings"},
    {.name = "reserve",
     .letter = 'r',
     .arg = "N",
     .tr = "işletmecinin ekleyeceği karakter; Türkiye'de 5",
     .en = "characters the operator appends; 5 in Türkiye"},
    {.name = "tidy",
     .tr = "önce tırnak, çizgi, boşluk ve â î û sadeleştir",
     .en = "first simplify quotes, dashes, blanks and â î û"},
    {.name = "ascii",
     .tr = "ayrıca Türkçe harfleri ASCII yap",
     .en = "and fold Turkish letters to ASCII"},
    {.name = "price",
     .letter = 'p',
     .arg = "KURUS",
     .tr = "parça fiyatı, kuruş",
     .en = "price of a segment in kuruş"},
    {.name = NULL},
};

static const struct cli_example examples[] = {
    {"hatirlat measure --reserve 5 'E-imzanızın süresi yarın doluyor…'", NULL, NULL},
    {"hatirlat measure --ascii --price 21 -f metin.txt", NULL, NULL},
    {"hatirlat measure --ndjson < metinler.ndjson", NULL, NULL},
    {NULL, NULL, NULL},
};

const struct cli_command command_measure = {
    .name = "measure",
    .tr = "SMS metnini ölçer: kodlama, uzunluk, parça, tutar",
    .en = "measures an SMS text: encoding, length, segments, cost",
    .usage = "[SEÇENEKLER] [METİN…]",
    .usage_en = "[OPTIONS] [TEXT…]",
    .options = options,
    .examples = examples,
    .max_args = -1,
    .run = run_measure,
};
