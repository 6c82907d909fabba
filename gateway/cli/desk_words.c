#include "cli/desk_words.h"

#include "base/civil.h"
#include "text/turkish.h"

/* Codes that people meet in lists; the English word is the code itself. */
static const struct {
    const char *code;
    const char *tr;
} codes[] = {
    {"draft", "taslak"},
    {"awaiting_release", "onay bekliyor"},
    {"released", "onaylandı"},
    {"sending", "gönderiliyor"},
    {"done", "bitti"},
    {"cancelled", "iptal"},
    {"ready", "hazır"},
    {"busy", "meşgul"},
    {"broken", "ulaşılamıyor"},
    {"held", "bekletilen"},
    {"paused", "duraklatıldı"},
    {"draining", "boşalıyor"},
    {"drained", "boşaldı"},
    {"pause", "duraklatma"},
    {"drain", "boşaltma"},
    {"pin", "sabitleme"},
    {"cancel", "iptal"},
    {"lift", "sürdürme"},
    {"allow", "korumaya karşı izin"},
    {"all", "her şey"},
    {"campaign", "dizi"},
    {"channel", "kanal"},
    {"provider", "sağlayıcı"},
    {"route", "kanal yolu"},
    {"guard", "koruma"},
    {"blast", "alışılmıştan çok"},
    {"failures", "gidemeyen çok"},
    {"daily_limit", "günlük sınır"},
    {"daily_budget", "günlük bütçe"},
    {"blast_at", "koruma sınırı"},
    {"planned", "günü bekleyen"},
    {"queued", "sırada"},
    {"accepted", "sağlayıcı aldı"},
    {"delivered", "ulaştı"},
    {"undelivered", "ulaşmadı"},
    {"unknown", "belirsiz"},
    {"failed", "gidemedi"},
    {"expired", "süresi geçti"},
    {"suppressed", "kural gereği gitmedi"},
    {"blocked", "giriş engelli"},
    {"past_due", "günü geçmiş"},
    {"sent", "gönderilen"},
    {"kurus", "kuruş"},
    {"usual", "alışılmış"},
    {"rejected", "geri çevrilen"},
    {"retry", "yeniden denenecek"},
    {"throttled", "yavaşlatılan"},
    {"down", "bağlantı yok"},
    {"account", "hesap sorunu"},
    {"duplicate", "önceden alınmış"},
};

const char *words_code(const struct cli *cli, const char *code)
{
    for (size_t i = 0; cli->turkish && i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(code, codes[i].code) == 0) {
            return codes[i].tr;
        }
    }
    return code;
}

/* "campaign:e-imza" as "dizi e-imza". */
static void print_subject(struct cli *cli, const char *subject)
{
    const char *colon = strchr(subject, ':');
    char kind[32];

    if (colon == NULL ||
        str_copy(kind, sizeof kind, (struct str){subject, (size_t)(colon - subject)}) != 0) {
        (void)fprintf(cli->out, "%s", words_code(cli, subject));
    } else {
        (void)fprintf(cli->out, "%s %s", words_code(cli, kind), colon + 1);
    }
}

void words_column(struct cli *cli, const char *text, size_t width)
{
    size_t letters = 0;

    for (const char *p = text; *p != '\0'; p++) {
        letters += ((unsigned char)*p & 0xc0) != 0x80;
    }
    (void)fprintf(cli->out, "%s%*s", text, (int)(letters < width ? width - letters : 0) + 1, "");
}

const char *words_text(const struct json *v, const char *key)
{
    struct str s = json_str(json_get(v, key));

    return s.ptr == NULL ? "" : s.ptr;
}

const char *words_time(const struct cli *cli, const struct json *v, const char *key,
                       char out[WORDS_SIZE])
{
    struct buf when;
    int64_t ms;

    buf_init(&when, WORDS_SIZE - 1);
    (void)str_copy(out, WORDS_SIZE, STR("-"));
    if (rfc3339_parse(json_str(json_get(v, key)), &ms) == 0 &&
        date_time(ms, cli->turkish, &when) == 0) {
        (void)str_copy(out, WORDS_SIZE, str_of(buf_cstr(&when)));
    }
    buf_finish(&when);
    return out;
}

void words_control(struct cli *cli, const struct json *control)
{
    char at[WORDS_SIZE];
    char until[WORDS_SIZE];
    const char *note = words_text(control, "note");
    const char *value = words_text(control, "value");

    (void)fprintf(cli->out, "  %s: ", words_code(cli, words_text(control, "verb")));
    print_subject(cli, words_text(control, "subject"));
    (void)fprintf(cli->out, "%s%s · %s · %s", value[0] == '\0' ? "" : " → ", words_code(cli, value),
                  words_text(control, "by"), words_time(cli, control, "at", at));
    if (json_get(control, "until") != NULL) {
        (void)fprintf(cli->out, " – %s", words_time(cli, control, "until", until));
    }
    (void)fprintf(cli->out, "%s%s\n", note[0] == '\0' ? "" : " · ", note);
}

void words_warnings(struct cli *cli, const struct json *root)
{
    for (const struct json *v = json_first(json_get(root, "warnings")); v != NULL;
         v = json_next(v)) {
        (void)fprintf(cli->err, "%s%s: %s%s\n", cli_style(cli, "1;33"),
                      cli_tr(cli, "DİKKAT", "WARNING"), words_text(v, "detail"),
                      cli_style(cli, "0"));
    }
}

bool words_confirm(struct cli *cli, const char *word)
{
    const char *yes = cli_value(cli, "yes");
    char line[128] = "";
    bool same;

    if (yes == NULL) {
        (void)fprintf(cli->err, cli_tr(cli, "Onaylamak için %s yazın: ", "Type %s to confirm: "),
                      word);
        (void)fflush(cli->err);
        same = fgets(line, sizeof line, cli->in) != NULL && str_eqs(str_trim(str_of(line)), word);
    } else {
        same = strcmp(yes, word) == 0;
    }
    if (!same) {
        cli_error(cli, "%s",
                  cli_tr(cli, "ad aynı değil; hiçbir şey yapılmadı",
                         "the name is not the same; nothing was done"));
    }
    return same;
}

int words_ask(struct cli *cli, const char *operation, const struct client_field *fields,
              const char *tr, const char *en)
{
    const struct client_question question = {.operation = operation, .fields = fields};
    struct client_answer answer;
    int rc = client_ask(cli, &question, &answer);

    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        const struct json *root = json_root(answer.doc);

        (void)fprintf(cli->out, "%s\n", cli->turkish ? tr : en);
        if (json_get(root, "control") != NULL) {
            words_control(cli, json_get(root, "control"));
        }
        for (const struct json *v = json_first(json_get(root, "controls")); v != NULL;
             v = json_next(v)) {
            words_control(cli, v);
        }
    }
    if (rc == CLI_OK) {
        words_warnings(cli, json_root(answer.doc));
    }
    client_finish(&answer);
    return rc;
}
