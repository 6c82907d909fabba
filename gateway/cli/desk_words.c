#include "cli/desk_words.h"

#include "base/civil.h"
#include "text/turkish.h"

const char *words_text(const struct json *v, const char *key)
{
    struct str s = json_str(json_get(v, key));

    return s.ptr == NULL ? "" : s.ptr;
}

int64_t words_number(const struct json *v, const char *key)
{
    int64_t n = 0;

    return json_i64(json_get(v, key), &n) == 0 ? n : 0;
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

    (void)fprintf(cli->out, "  %s %s%s%s · %s · %s", words_text(control, "verb"),
                  words_text(control, "subject"),
                  words_text(control, "value")[0] == '\0' ? "" : " → ",
                  words_text(control, "value"), words_text(control, "by"),
                  words_time(cli, control, "at", at));
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
