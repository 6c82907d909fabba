#include "cli/client.h"

#include "cli/client_ways.h"
#include "cli/common.h"
#include "config/conf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOKEN_FILE_MAX = 4096, TIMEOUT_MS = 600000 };

void client_write_members(const struct client_question *question, struct buf *out)
{
    struct json_writer w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    for (const struct client_field *f = question->fields; f != NULL && f->name != NULL; f++) {
        jsonw_put(&w, f->name, f->value);
    }
    jsonw_end_object(&w);
}

void client_finish(struct client_answer *answer)
{
    json_free(answer->doc);
    buf_finish(&answer->body);
    answer->doc = NULL;
}

bool client_print_json(struct cli *cli, const struct client_answer *answer)
{
    if (!cli->json) {
        return false;
    }
    (void)fwrite(answer->body.data, 1, answer->body.len, cli->out);
    if (answer->body.len == 0 || answer->body.data[answer->body.len - 1] != '\n') {
        (void)fputc('\n', cli->out);
    }
    return true;
}

/* ---- an answer that people read ---- */

/* The length of a character that a terminal would obey, as JSON writes it; line ends stay. */
static size_t control_length(struct str json)
{
    const unsigned char first = (unsigned char)json.ptr[0];
    const unsigned char next = json.len > 1 ? (unsigned char)json.ptr[1] : 0;

    if (first == 0x7f) {
        return 1;
    }
    if (first == 0xc2) { /* U+0080 … U+009F */
        return next >= 0x80 && next <= 0x9f ? 2 : 0;
    }
    if (first != '\\') {
        return 0;
    }
    if (next != 'u') {
        return next != 0 && strchr("bfr", next) != NULL ? 2 : 0;
    }
    if (json.len < 6 || memcmp(json.ptr + 2, "00", 2) != 0) {
        return 0;
    }
    return strchr("0189", json.ptr[4]) != NULL || str_eqs((struct str){json.ptr + 4, 2}, "7f") ? 6
                                                                                               : 0;
}

int client_parse(struct client_answer *answer, struct err *e)
{
    const struct str body = {answer->body.data, answer->body.len};
    const struct json_limits limits = {DESK_ANSWER_MAX, 32, 256};
    struct buf clean;
    int rc;

    buf_init(&clean, body.len + 1);
    for (size_t at = 0, n; at < body.len; at += n) {
        const struct str rest = {body.ptr + at, body.len - at};

        n = control_length(rest);
        if (n > 0) {
            (void)buf_addc(&clean, '?');
        } else {
            n = rest.ptr[0] == '\\' && rest.len > 1 ? 2 : 1;
            (void)buf_add(&clean, rest.ptr, n);
        }
    }
    rc = buf_failed(&clean) != 0
             ? err_set(e, ERR_NOMEM, "no memory for the answer")
             : json_parse((struct str){clean.data, clean.len}, 0, &limits, &answer->doc, NULL, e);
    buf_finish(&clean);
    return rc;
}

/* ---- a refusal in words ---- */

static int exit_of_status(long status)
{
    switch (status) {
    case 400:
    case 413:
    case 422:
        return CLI_USAGE;
    case 401:
    case 403:
        return CLI_DENIED;
    case 404:
        return CLI_NOT_FOUND;
    case 409:
        return CLI_REFUSED;
    case 503:
        return CLI_TEMPORARY;
    default:
        return CLI_FAILED;
    }
}

static void explain(struct cli *cli, const struct json *problem)
{
    const struct json *errors = json_get(problem, "errors");
    struct str detail = json_str(json_get(problem, "detail"));

    if (json_count(errors) == 0) {
        cli_error(cli, "%.*s", (int)detail.len, detail.ptr == NULL ? "" : detail.ptr);
    }
    for (const struct json *f = json_first(errors); f != NULL; f = json_next(f)) {
        struct str text = json_str(json_get(f, "detail"));

        cli_error(cli, "%.*s", (int)text.len, text.ptr == NULL ? "" : text.ptr);
    }
}

static int judge(struct cli *cli, long status, struct client_answer *answer)
{
    const bool json = strstr(answer->content_type, "json") != NULL;
    struct err e = {0};

    if (json && client_parse(answer, &e) != 0) {
        cli_error(cli, "%s: %s", cli_tr(cli, "yanıt okunamadı", "cannot read the answer"), e.text);
        return CLI_FAILED;
    }
    if (status / 100 == 2) {
        return CLI_OK;
    }
    if (answer->doc != NULL) {
        explain(cli, json_root(answer->doc));
    } else {
        cli_error(cli, "%s: HTTP %ld", cli_tr(cli, "beklenmeyen yanıt", "an unexpected answer"),
                  status);
    }
    return exit_of_status(status);
}

/* ---- the ways ---- */

static int ask_elsewhere(struct cli *cli, struct client_exchange *x, const char *url,
                         struct client_answer *ret)
{
    const char *path = getenv("HATIRLAT_TOKEN_FILE");
    struct buf token;
    struct str text;
    long status = 0;
    int rc;

    buf_init(&token, TOKEN_FILE_MAX);
    rc = path == NULL ? CLI_OK : cli_read(cli, path, &token);
    if (rc == CLI_OK) {
        text = str_trim((struct str){token.data, token.len});
        x->base = url;
        x->token = text.len > 0 ? str_dup(text) : NULL;
        rc = client_http(cli, x, &status, ret);
        free((char *)(uintptr_t)x->token);
    }
    buf_finish(&token);
    if (rc == CLI_UNREACHABLE) {
        cli_error(cli, "%s: %s", cli_tr(cli, "hizmete ulaşılamadı", "the service does not answer"),
                  url);
    }
    return rc == CLI_OK ? judge(cli, status, ret) : rc;
}

static int ask_here(struct cli *cli, struct client_exchange *x, struct client_answer *ret)
{
    struct settings *settings;
    long status = 0;
    int rc = common_settings(cli, &settings);

    if (rc != CLI_OK) {
        return rc;
    }
    x->base = "http://localhost";
    x->socket = settings->conf->listen.socket_path;
    rc = x->socket == NULL || access(x->socket, F_OK) != 0 ? CLI_UNREACHABLE
                                                           : client_http(cli, x, &status, ret);
    if (rc == CLI_OK) {
        rc = judge(cli, status, ret);
    } else if (rc == CLI_UNREACHABLE) {
        rc = client_local(cli, settings, x, ret);
    }
    settings_drop(settings);
    return rc;
}

/* Without the name the path would be another one. */
static bool lacks_name(const struct client_exchange *x)
{
    char place[40];

    for (const struct client_field *f = x->question->fields; f != NULL && f->name != NULL; f++) {
        (void)snprintf(place, sizeof place, "{%s}", f->name);
        if (f->value != NULL && f->value[0] == '\0' && strstr(x->operation->path, place) != NULL) {
            return true;
        }
    }
    return false;
}

int client_ask(struct cli *cli, const struct client_question *question, struct client_answer *ret)
{
    const char *url = cli_value(cli, "url");
    struct client_exchange x = {.operation = desk_find(question->operation),
                                .question = question,
                                .timeout_ms = TIMEOUT_MS};

    *ret = (struct client_answer){.content_type = ""};
    buf_init(&ret->body, DESK_ANSWER_MAX);
    if (x.operation == NULL) {
        cli_error(cli, "%s: %s", cli_tr(cli, "bilinmeyen işlem", "unknown operation"),
                  question->operation);
        return CLI_FAILED;
    }
    if (lacks_name(&x)) {
        return cli_usage(cli, "%s", cli_tr(cli, "ad boş olamaz", "the name must not be empty"));
    }
    url = url != NULL ? url : getenv("HATIRLAT_URL");
    return url != NULL && url[0] != '\0' ? ask_elsewhere(cli, &x, url, ret)
                                         : ask_here(cli, &x, ret);
}

int client_ask_file(struct cli *cli, struct client_question *question, const char *path,
                    size_t bytes_max, struct client_answer *ret)
{
    struct buf file;
    int rc = CLI_OK;

    *ret = (struct client_answer){.content_type = ""};
    buf_init(&file, bytes_max);
    if (path != NULL) {
        rc = cli_read(cli, path, &file);
        question->file = (struct str){file.data, file.len};
    }
    rc = rc == CLI_OK ? client_ask(cli, question, ret) : rc;
    buf_finish(&file);
    return rc;
}
