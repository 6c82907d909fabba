/* One HTTP request of a command, which may wait for it. */
#include "base/codec.h"
#include "cli/client_ways.h"

#include <curl/curl.h>
#include <stdlib.h>

/* ---- the address: captures of the path, the rest in the query unless there is a JSON body ---- */

static const char *value_of(const struct client_question *q, struct str name)
{
    for (const struct client_field *f = q->fields; f != NULL && f->name != NULL; f++) {
        if (str_eqs(name, f->name)) {
            return f->value;
        }
    }
    return NULL;
}

static bool is_capture(const char *path, const char *name)
{
    const size_t n = strlen(name);

    for (const char *at = strchr(path, '{'); at != NULL; at = strchr(at + 1, '{')) {
        if (strncmp(at + 1, name, n) == 0 && at[1 + n] == '}') {
            return true;
        }
    }
    return false;
}

static void add_path(const struct client_exchange *x, struct buf *out)
{
    const char *at = x->operation->path;

    while (*at != '\0') {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;

        if (end == NULL) {
            (void)buf_addc(out, *at++);
            continue;
        }
        (void)codec_percent(
            out, str_of(value_of(x->question, (struct str){at + 1, (size_t)(end - at - 1)})));
        at = end + 1;
    }
}

static void add_query(const struct client_exchange *x, struct buf *out)
{
    char mark = '?';

    for (const struct client_field *f = x->question->fields; f != NULL && f->name != NULL; f++) {
        if (f->value != NULL && !is_capture(x->operation->path, f->name)) {
            (void)buf_addc(out, mark);
            (void)codec_percent(out, str_of(f->name));
            (void)buf_addc(out, '=');
            (void)codec_percent(out, str_of(f->value));
            mark = '&';
        }
    }
}

/* The members that are not in the path. */
static void add_body(const struct client_exchange *x, struct buf *out)
{
    struct json_writer w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    for (const struct client_field *f = x->question->fields; f != NULL && f->name != NULL; f++) {
        if (!is_capture(x->operation->path, f->name)) {
            jsonw_put(&w, f->name, f->value);
        }
    }
    jsonw_end_object(&w);
}

/* ---- the request ---- */

static size_t keep(char *data, size_t size, size_t count, void *ctx)
{
    struct client_answer *answer = ctx;

    return buf_add(&answer->body, data, size * count) == 0 ? size * count : 0;
}

static struct curl_slist *with(struct curl_slist *list, const char *line, bool *failed)
{
    struct curl_slist *longer = curl_slist_append(list, line);

    *failed = *failed || longer == NULL;
    return longer != NULL ? longer : list;
}

static struct curl_slist *headers(const struct cli *cli, const struct client_exchange *x,
                                  bool *failed)
{
    const bool file = (x->operation->flags & DESK_TAKES_FILE) != 0;
    struct curl_slist *list = NULL;
    struct buf line;

    list = with(list, cli->turkish ? "Accept-Language: tr" : "Accept-Language: en", failed);
    list = with(list,
                file ? "Content-Type: application/octet-stream" : "Content-Type: application/json",
                failed);
    list = with(list, "Expect:", failed);
    if (x->token != NULL) {
        buf_init(&line, 1024);
        (void)buf_addf(&line, "Authorization: Bearer %s", x->token);
        *failed = *failed || buf_failed(&line) != 0;
        list = with(list, buf_cstr(&line), failed);
        buf_finish(&line);
    }
    return list;
}

static bool set_body(CURL *c, const struct client_exchange *x, const struct buf *body)
{
    const bool file = (x->operation->flags & DESK_TAKES_FILE) != 0;
    const char *bytes = file ? x->question->file.ptr : body->data;
    const size_t size = file ? x->question->file.len : body->len;

    if (strcmp(x->operation->method, "POST") != 0) {
        return true;
    }
    return curl_easy_setopt(c, CURLOPT_POST, 1L) == 0 &&
           curl_easy_setopt(c, CURLOPT_POSTFIELDS, bytes == NULL ? "" : bytes) == 0 &&
           curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size) == 0;
}

static bool prepare(CURL *c, const struct client_exchange *x, const char *url,
                    struct curl_slist *fields, struct client_answer *answer)
{
    bool good = curl_easy_setopt(c, CURLOPT_URL, url) == 0 &&
                curl_easy_setopt(c, CURLOPT_HTTPHEADER, fields) == 0 &&
                curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, keep) == 0 &&
                curl_easy_setopt(c, CURLOPT_WRITEDATA, answer) == 0 &&
                curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == 0 &&
                curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == 0 &&
                curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)x->timeout_ms) == 0;

    if (good && x->socket != NULL) {
        good = curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, x->socket) == 0;
    }
    return good;
}

static int conclude(struct cli *cli, CURL *c, CURLcode code, long *ret_status,
                    struct client_answer *answer)
{
    char *type = NULL;

    if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST) {
        return CLI_UNREACHABLE;
    }
    if (code != CURLE_OK) {
        cli_error(cli, "%s: %s", cli_tr(cli, "istek tamamlanamadı", "the request failed"),
                  curl_easy_strerror(code));
        return CLI_FAILED;
    }
    (void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, ret_status);
    (void)curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type);
    (void)str_copy(answer->content_type, sizeof answer->content_type, str_of(type));
    return CLI_OK;
}

int client_http(struct cli *cli, const struct client_exchange *x, long *ret_status,
                struct client_answer *ret)
{
    const bool file = (x->operation->flags & DESK_TAKES_FILE) != 0;
    const bool post = strcmp(x->operation->method, "POST") == 0;
    struct curl_slist *fields;
    struct buf url;
    struct buf body;
    bool failed = false;
    CURL *c = curl_easy_init();
    int rc = CLI_FAILED;

    buf_init(&url, CLIENT_URL_MAX);
    buf_init(&body, DESK_PARAMS_MAX);
    (void)buf_adds(&url, x->base);
    add_path(x, &url);
    if (file || !post) {
        add_query(x, &url);
    } else {
        add_body(x, &body);
    }
    fields = headers(cli, x, &failed);
    if (c == NULL || failed || buf_failed(&url) != 0 || buf_failed(&body) != 0 ||
        !prepare(c, x, buf_cstr(&url), fields, ret) || !set_body(c, x, &body)) {
        cli_error(cli, "%s", cli_tr(cli, "istek hazırlanamadı", "cannot prepare the request"));
    } else {
        rc = conclude(cli, c, curl_easy_perform(c), ret_status, ret);
    }
    curl_slist_free_all(fields);
    curl_easy_cleanup(c);
    buf_finish(&url);
    buf_finish(&body);
    return rc;
}
