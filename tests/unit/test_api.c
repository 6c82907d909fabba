/*
 * The whole gateway behind its HTTP interface: a store in a temporary directory, the example
 * providers, and a client in a thread that posts and asks.
 */
#include "api/auth.h"
#include "app.h"
#include "base/json.h"
#include "flow/settings.h"
#include "providers/provider.h"
#include "store/store.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { ANSWER_MAX = 1 << 20, EXCHANGES_MAX = 64 };

#define JSON  "application/json"
#define CLOUD "application/cloudevents+json"
#define BATCH "application/cloudevents-batch+json"

/* One question and its answer. */
struct exchange {
    int status;
    char *head;
    char *body;
};

struct house {
    char dir[64];
    char config[128];
    char database[128];
    char token[AUTH_TOKEN_SIZE];  /* may do everything */
    char reader[AUTH_TOKEN_SIZE]; /* messages:read */
    int port;
    struct app *app;
    uv_async_t done;
    void (*client)(struct house *h);
    pthread_t thread;
    struct exchange log[EXCHANGES_MAX];
    size_t count;
};

/* ---- the house ---- */

static void write_config(struct house *h)
{
    FILE *f = fopen(h->config, "w");

    assert_non_null(f);
    fprintf(
        f,
        "{\"office\":{\"province\":\"Örnekil\",\"unit\":\"Bilgi İşlem\",\"phone\":\"0312 000 00 "
        "00\",\"guide_url\":\"https://ornekil.meb.gov.tr/e-imza\",\"guide_short\":"
        "\"ornekil.meb.gov.tr/e-imza\",\"privacy_url\":\"https://ornekil.meb.gov.tr/a\","
        "\"stop_note\":\"bilgi@ornek.test\"},"
        "\"mail\":{\"from\":\"e-imza@ornek.test\",\"reply_to\":\"bilgi@ornek.test\"},"
        "\"listen\":{\"http\":\"127.0.0.1:%d\"},\"database\":{\"path\":\"%s\"},"
        "\"log\":{\"level\":\"error\"},\"templates\":\"" HATIRLAT_SOURCE_DIR "/config/templates\","
        "\"providers\":{\"s\":{\"kind\":\"sink\"},\"e\":{\"kind\":\"sink\"}},"
        "\"routes\":{\"sms\":[\"s\"],\"email\":[\"e\"]},"
        "\"trial\":true,\"campaigns\":[{\"name\":\"e-imza\",\"marks\":[90,60,30,15,7,3,1],"
        "\"channels\":[\"sms\",\"email\"]}],"
        "\"limits\":{\"batch_events\":3,\"bulk_lines\":1000}}",
        h->port, h->database);
    fclose(f);
}

static void add_key(struct store *s, const char *name, const char *scopes, char *ret_token)
{
    struct key_row row;
    struct err e = {0};

    assert_int_equal(auth_key_make(str_of(name), str_of(scopes), 1, &row, ret_token, &e), 0);
    assert_int_equal(store_begin(s, &e), 0);
    assert_int_equal(store_key_add(s, &row, &row.id, &e), 0);
    assert_int_equal(store_commit(s, &e), 0);
}

static void on_done(uv_async_t *async)
{
    struct house *h = async->data;

    uv_close((uv_handle_t *)async, NULL);
    app_stop(h->app);
}

static void *client_thread(void *arg)
{
    struct house *h = arg;

    h->client(h);
    uv_async_send(&h->done);
    return NULL;
}

static void on_ready(void *ctx, struct app *app, struct gateway *g, const char *url)
{
    struct house *h = ctx;

    h->app = app;
    h->port = (int)strtol(strrchr(url, ':') + 1, NULL, 10);
    uv_async_init(g->loop, &h->done, on_done);
    h->done.data = h;
    assert_int_equal(pthread_create(&h->thread, NULL, client_thread, h), 0);
}

static struct house *live(void (*client)(struct house *h))
{
    struct house *h = calloc(1, sizeof *h);
    struct app_options options = {.serve = true, .ready = on_ready, .ctx = h};
    struct faults faults;
    struct store *s;
    struct err e = {0};
    int rc;

    snprintf(h->dir, sizeof h->dir, "/tmp/hatirlat-api-XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    snprintf(h->config, sizeof h->config, "%s/hatirlat.jsonc", h->dir);
    snprintf(h->database, sizeof h->database, "%s/hatirlat.db", h->dir);
    h->client = client;
    h->port = 0; /* any: on_ready learns which */
    write_config(h);
    assert_int_equal(store_sqlite_open(h->database, STORE_CREATE, &s, &e), 0);
    add_key(s, "test", "events:write messages:read messages:write metrics:read admin", h->token);
    add_key(s, "okur", "messages:read", h->reader);
    store_close(s);
    faults_init(&faults);
    rc = settings_load(h->config, provider_types, &options.settings, &faults, &e);
    if (rc != 0) {
        fail_msg("settings: %s %s", e.text, faults.count > 0 ? faults.list[0].en : "");
    }
    faults_finish(&faults);
    rc = app_run(&options, &e);
    if (rc != 0) {
        fail_msg("app: %s", e.text);
    }
    pthread_join(h->thread, NULL);
    return h;
}

static void leave(struct house *h)
{
    char path[192];

    for (size_t i = 0; i < h->count; i++) {
        free(h->log[i].head);
    }
    for (const char *const *name =
             (const char *const[]){"hatirlat.jsonc", "hatirlat.db", "hatirlat.db-wal",
                                   "hatirlat.db-shm", "hatirlat.db.lock", NULL};
         *name != NULL; name++) {
        snprintf(path, sizeof path, "%s/%s", h->dir, *name);
        (void)unlink(path);
    }
    (void)rmdir(h->dir);
    free(h);
}

/* ---- the client ---- */

static char *converse(struct house *h, const char *raw, size_t len)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)h->port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char *in = calloc(1, ANSWER_MAX);
    size_t got = 0;
    ssize_t n;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
        send(fd, raw, len, MSG_NOSIGNAL) == (ssize_t)len) {
        while ((n = recv(fd, in + got, ANSWER_MAX - 1 - got, 0)) > 0) {
            got += (size_t)n;
        }
    }
    close(fd);
    return in;
}

/* headers: further lines with CR LF; token may be null. */
static struct exchange *ask(struct house *h, const char *line, const char *token,
                            const char *headers, const char *body)
{
    struct exchange *x = &h->log[h->count++];
    struct buf raw;

    buf_init(&raw, 1 << 20);
    buf_addf(&raw, "%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s", line, headers);
    if (token != NULL) {
        buf_addf(&raw, "Authorization: Bearer %s\r\n", token);
    }
    if (body != NULL) {
        buf_addf(&raw, "Content-Length: %zu\r\n", strlen(body));
    }
    buf_addf(&raw, "\r\n%s", body == NULL ? "" : body);
    x->head = converse(h, raw.data, raw.len);
    x->body = strstr(x->head, "\r\n\r\n");
    x->body = x->body == NULL ? x->head : x->body + 4;
    x->status = strncmp(x->head, "HTTP/1.1 ", 9) == 0 ? (int)strtol(x->head + 9, NULL, 10) : 0;
    buf_finish(&raw);
    return x;
}

static struct exchange *post(struct house *h, const char *type, const char *body)
{
    char headers[128];

    snprintf(headers, sizeof headers, "Content-Type: %s\r\n", type);
    return ask(h, "POST /v1/events", h->token, headers, body);
}

/* The n-th answer must have this status and hold this text (null: any). */
static void expect(const struct house *h, size_t n, int status, const char *text)
{
    const struct exchange *x = &h->log[n];

    if (x->status != status || (text != NULL && strstr(x->head, text) == NULL)) {
        fail_msg("answer %zu is not %d with %s but:\n%s", n, status, text == NULL ? "" : text,
                 x->head);
    }
    if (x->status >= 400 && x->status != 503) {
        assert_non_null(strstr(x->head, "Content-Type: application/problem+json"));
        assert_non_null(strstr(x->body, "\"instance\":\"urn:request:"));
    }
}

#define FACT(id, phone)                                                                            \
    "{\"specversion\":\"1.0\",\"id\":\"" id "\",\"source\":\"urn:il:takip\","                      \
    "\"type\":\"tr.eimza.certificate.expiring.v1\",\"time\":\"2026-11-22T06:00:00Z\","             \
    "\"datacontenttype\":\"application/json\",\"data\":{\"certificate\":{\"serial\":\"" id         \
    "\",\"kind\":\"nes\",\"not_after\":\"2099-02-20T20:59:59Z\"},"                                 \
    "\"holder\":{\"ref\":\"sicil-1\",\"name\":\"Şükran Işık\",\"phone\":\"" phone                  \
    "\",\"email\":\"sukran.isik@ornek.test\"}}}"

static void post_single(struct house *h)
{
    post(h, CLOUD, FACT("a1", "0532 000 00 67"));
    post(h, CLOUD "; charset=utf-8", FACT("a1", "0532 000 00 67"));
    post(h, CLOUD, FACT("a1", "0532 000 00 68"));
    post(h, JSON, FACT("a2", "0532 000 00 67"));
    post(h, CLOUD, FACT("a3", "0532 000"));
    post(h, JSON, "{\"a\":1,}");
    post(h, JSON, "");
    post(h, JSON, "[]");
    post(h, "text/plain", "x");
    post(h, JSON "; charset=iso-8859-9", "{}");
    ask(h, "POST /v1/events", h->token,
        "Content-Type: application/json\r\nce-specversion: 1.0\r\nce-id: b1\r\n"
        "ce-source: urn:il:takip\r\nce-type: tr.eimza.certificate.expiring.v1\r\n",
        "{\"certificate\":{\"serial\":\"b1\",\"not_after\":\"2099-02-20T20:59:59Z\"},"
        "\"holder\":{\"ref\":\"sicil-2\",\"name\":\"Ali Veli\",\"email\":\"ali@ornek.test\"}}");
    ask(h, "POST /v1/events", h->token,
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", "{}");
}

static void test_single_facts(void **state)
{
    struct house *h = live(post_single);

    (void)state;
    expect(h, 0, 202, "\"result\":\"accepted\"");
    expect(h, 3, 202, "\"planned\":[{\"mark\":"); /* the first may still be "null" */
    expect(h, 1, 200, "\"result\":\"duplicate\"");
    expect(h, 2, 409, "\"code\":\"event_conflict\"");
    expect(h, 3, 202, "\"event\":\"a2\"");
    expect(h, 4, 422, "\"pointer\":\"#/data/holder/phone\"");
    assert_null(strstr(h->log[4].body, "0532 000")); /* masked */
    expect(h, 5, 400, "\"code\":\"invalid_json\"");
    expect(h, 5, 400, "sütun 8");
    expect(h, 6, 400, "\"code\":\"invalid_json\"");
    expect(h, 7, 422, "\"code\":\"no_events\"");
    expect(h, 8, 415, "\"code\":\"unsupported_media_type\"");
    expect(h, 9, 415, NULL);
    expect(h, 10, 202, "\"event\":\"b1\"");
    expect(h, 11, 415, NULL);
    leave(h);
}

static void post_many(struct house *h)
{
    post(h, BATCH, "[" FACT("a1", "0532 000 00 67") "," FACT("a2", "0532 000 00 67") "]");
    post(h, BATCH, "[" FACT("a1", "0532 000 00 68") "," FACT("a2", "0532 000 00 67") "]");
    post(h, BATCH, "[" FACT("a3", "0532 000 00 67") "," FACT("a4", "0532") "]");
    post(h, BATCH, FACT("a3", "0532 000 00 67"));
    post(h, BATCH, "[{},{},{},{}]");
    post(h, BATCH, "[]");
    post(h, "application/x-ndjson",
         FACT("a1", "0532 000 00 67") "\n\n" FACT("n1", "0532 000 00 67") "\r\n{\n" FACT(
             "n2", "5") "\n" FACT("a2", "0532 000 00 69"));
    post(h, "application/x-ndjson", "\n \n");
}

static void test_many_facts(void **state)
{
    struct house *h = live(post_many);
    static const char *const lines[] = {
        "{\"line\":1,\"event\":\"a1\",\"result\":\"duplicate\"}\n",
        "{\"line\":3,\"event\":\"n1\",\"result\":\"accepted\"}\n",
        "{\"line\":4,\"result\":\"invalid\",\"errors\":[{\"pointer\":\"#\",\"code\":\"invalid_"
        "json\"",
        "{\"line\":5,\"result\":\"invalid\",\"errors\":[{\"pointer\":\"#/data/holder/phone\"",
        "{\"line\":6,\"event\":\"a2\",\"result\":\"conflict\"}\n"};

    (void)state;
    expect(h, 0, 202, "\"accepted\":2,\"duplicate\":0");
    expect(h, 1, 200, "\"accepted\":0,\"duplicate\":1,\"conflict\":1");
    expect(h, 2, 422, "\"pointer\":\"#/1/data/holder/phone\"");
    expect(h, 3, 422, "\"code\":\"not_an_array\"");
    expect(h, 4, 413, "\"code\":\"too_many_events\"");
    expect(h, 5, 200, "\"items\":[]");
    expect(h, 6, 202, "Content-Type: application/x-ndjson");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        expect(h, 6, 202, lines[i]);
    }
    expect(h, 7, 400, NULL);
    leave(h);
}

/* ---- keys ---- */

static void knock(struct house *h)
{
    ask(h, "GET /healthz", NULL, "", NULL);
    ask(h, "GET /readyz", NULL, "", NULL);
    ask(h, "GET /readyz", h->reader, "", NULL);
    ask(h, "GET /readyz", h->token, "", NULL);
    ask(h, "GET /v1/messages", "ht_test_x", "Accept-Language: en\r\n", NULL);
    ask(h, "DELETE /v1/messages", h->token, "", NULL);
    ask(h, "GET /nowhere", NULL, "", NULL);
    ask(h, "GET /metrics", h->token, "", NULL);
    ask(h, "POST /reports/s/wrong", NULL, "", "x");
    ask(h, "HEAD /healthz", NULL, "", NULL);
}

static void test_doors(void **state)
{
    struct house *h = live(knock);

    (void)state;
    expect(h, 0, 200, "{\"status\":\"ok\"}");
    expect(h, 1, 401, "WWW-Authenticate: Bearer realm=\"hatirlat\"\r\n");
    expect(h, 2, 403, "error=\"insufficient_scope\", scope=\"metrics:read\"");
    expect(h, 3, 200, "\"name\":\"provider:s\",\"status\":\"ok\"");
    expect(h, 4, 401, "\"title\":\"Unauthorized\"");
    expect(h, 4, 401, "Content-Language: en");
    expect(h, 5, 405, "Allow: GET, HEAD\r\n");
    expect(h, 6, 404, "\"code\":\"not_found\"");
    expect(h, 7, 200, "\nhatirlat_build_info{version=");
    expect(h, 7, 200, "\nhatirlat_attempts_total{provider=\"s\",result=\"sent\"} 0\n");
    expect(h, 8, 404, NULL);
    expect(h, 9, 200, "Content-Length: 15");
    assert_int_equal(strlen(h->log[9].body), 0);
    leave(h);
}

/* The token in the answer of the n-th exchange. */
static void token_of(const struct exchange *x, char out[AUTH_TOKEN_SIZE])
{
    const char *at = strstr(x->body, "\"key\":\"");

    out[0] = '\0';
    if (at != NULL) {
        (void)str_copy(out, AUTH_TOKEN_SIZE, (struct str){at + 7, strcspn(at + 7, "\"")});
    }
}

static void manage_keys(struct house *h)
{
    char token[AUTH_TOKEN_SIZE];

    token_of(ask(h, "POST /v1/keys", h->token, "",
                 "{\"name\":\"panel\",\"scopes\":[\"messages:read\"]}"),
             token);
    ask(h, "GET /v1/messages", token, "", NULL);
    ask(h, "POST /v1/keys", h->token, "", "{\"name\":\"panel\",\"scopes\":[\"admin\"]}");
    ask(h, "POST /v1/keys", h->token, "", "{\"name\":\"P\",\"scopes\":[\"root\"]}");
    ask(h, "GET /v1/keys", h->token, "", NULL);
    ask(h, "POST /v1/keys/panel:revoke", h->token, "", "");
    ask(h, "GET /v1/messages", token, "", NULL);
    ask(h, "POST /v1/keys", h->reader, "", "{}");
}

static void test_keys_over_http(void **state)
{
    struct house *h = live(manage_keys);

    (void)state;
    expect(h, 0, 201, "\"key\":\"ht_panel_");
    expect(h, 1, 200, "\"items\":[]");
    expect(h, 2, 409, "\"code\":\"key_exists\"");
    expect(h, 3, 422, "\"pointer\":\"#/name\"");
    expect(h, 3, 422, "\"pointer\":\"#/scopes\"");
    expect(h, 4, 200, "\"name\":\"okur\",\"scopes\":[\"messages:read\"]");
    assert_null(strstr(h->log[4].body, "ht_"));
    expect(h, 5, 200, "\"revoked_at\":");
    expect(h, 6, 401, NULL);
    expect(h, 7, 403, NULL);
    leave(h);
}

/* ---- messages ---- */

static void id_of(const struct exchange *x, char out[64])
{
    const char *at = strstr(x->body, "\"id\":\"");

    out[0] = '\0';
    if (at != NULL) {
        (void)str_copy(out, 64, (struct str){at + 6, strcspn(at + 6, "\"")});
    }
}

/* A fact may be accepted a moment before it is applied. */
static void ask_until_found(struct house *h, const char *line)
{
    for (int i = 0; i < 100; i++) {
        if (strstr(ask(h, line, h->token, "", NULL)->body, "\"items\":[]") == NULL) {
            return;
        }
        free(h->log[--h->count].head);
        usleep(20000);
    }
    ask(h, line, h->token, "", NULL);
}

static void browse(struct house *h)
{
    char id[64], line[160];
    const char *link;

    post(h, CLOUD, FACT("a1", "0532 000 00 67"));
    ask_until_found(h, "GET /v1/messages?limit=2&status=planned");
    id_of(&h->log[1], id);
    link = strstr(h->log[1].head, "Link: <");
    snprintf(line, sizeof line, "GET %.*s", link == NULL ? 1 : (int)strcspn(link + 7, ">"),
             link == NULL ? "/" : link + 7);
    ask(h, line, h->token, "", NULL);
    snprintf(line, sizeof line, "GET /v1/messages/%s", id);
    ask(h, line, h->token, "", NULL);
    snprintf(line, sizeof line, "POST /v1/messages/%s:cancel", id);
    ask(h, line, h->reader, "", "");
    ask(h, line, h->token, "", "");
    ask(h, line, h->token, "", "");
    snprintf(line, sizeof line, "GET /v1/messages/%s", id);
    ask(h, line, h->token, "Accept-Language: en\r\n", NULL);
    ask(h, "GET /v1/messages/m_1-wrong", h->token, "", NULL);
    ask(h, "GET /v1/messages?status=x&channel=y&limit=0&cursor=z&since=w", h->token, "", NULL);
    ask(h, "GET /v1/messages?channel=email&certificate=a1", h->token, "", NULL);
    ask(h, "GET /v1/messages?certificate=other", h->token, "", NULL);
}

static void test_messages(void **state)
{
    struct house *h = live(browse);

    (void)state;
    expect(h, 0, 202, NULL);
    expect(h, 1, 200, "\"status\":\"planned\"");
    expect(h, 1, 200, "\"next_cursor\":\"m_");
    expect(h, 1, 200, "\"recipient\":\"s***@ornek.test\"");
    expect(h, 1, 200, "\"case_status\":\"watching\"");
    assert_null(strstr(h->log[1].body, "sukran.isik"));
    expect(h, 2, 200, "\"items\":[{\"id\":\"m_");
    expect(h, 3, 200, "\"timeline\":[");
    expect(h, 4, 403, NULL);
    expect(h, 5, 200, "\"status\":\"cancelled\"");
    expect(h, 6, 409, "\"code\":\"wrong_state\"");
    expect(h, 7, 200, "\"actor\":\"key:test\"");
    expect(h, 8, 404, NULL);
    expect(h, 9, 400, "#/status");
    expect(h, 9, 400, "#/channel");
    expect(h, 9, 400, "#/limit");
    expect(h, 9, 400, "#/cursor");
    expect(h, 9, 400, "#/since");
    expect(h, 10, 200, "\"channel\":\"email\"");
    assert_null(strstr(h->log[10].body, "\"channel\":\"sms\""));
    expect(h, 11, 200, "{\"items\":[],\"next_cursor\":null}");
    leave(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single_facts), cmocka_unit_test(test_many_facts),
        cmocka_unit_test(test_doors),        cmocka_unit_test(test_keys_over_http),
        cmocka_unit_test(test_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
