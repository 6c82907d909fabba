#include "loop/curlmux_transfer.h"

#include "base/codec.h"
#include "base/crypto.h"
#include "base/utf8.h"
#include "loop/address.h"
#include "loop/curlmux_internal.h"
#include "version.h"

#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_MS = 5000,
    TOTAL_MS = 30000,
    ANSWER_MAX = 256 * 1024,
    ANSWER_HEADERS_MAX = 64 * 1024,
    URL_MAX = 8 * 1024,
    CREDENTIALS_MAX = 16 * 1024,
    /* Every transfer gets a buffer to read into, and malloc has those of up to 1 KiB at hand. */
    READ_BYTES = 4096,
    READ_SHORT_BYTES = 1024,
    /* Servers close idle connections after 5 s and more; one that dies under us costs a doubt. */
    IDLE_S = 4,
    LIFETIME_S = 600
};

/* What libcurl asks of a transfer. */

static size_t on_answer(char *bytes, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;

    if (buf_add(&t->answer, bytes, size * count) != 0) {
        t->cut = "the answer is too large";
        return 0;
    }
    return size * count;
}

static void keep_header(struct str line, const char *name, char *out, size_t cap)
{
    size_t n = strlen(name);
    struct str value;

    if (line.len < n || !str_ieq((struct str){line.ptr, n}, str_of(name))) {
        return;
    }
    value = str_trim((struct str){line.ptr + n, line.len - n});
    if (!utf8_clean_line(value) || str_copy(out, cap, value) != 0) {
        out[0] = '\0';
    }
}

static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    struct str line = {bytes, size * count};

    t->header_bytes += line.len;
    if (t->header_bytes > ANSWER_HEADERS_MAX) {
        t->cut = "the answer's headers are too large";
        return 0;
    }
    if (str_starts(line, "HTTP/")) {
        t->content_type[0] = '\0';
        t->retry_after[0] = '\0';
    }
    keep_header(line, "content-type:", t->content_type, sizeof(t->content_type));
    keep_header(line, "retry-after:", t->retry_after, sizeof(t->retry_after));
    return line.len;
}

static const char repeated[] = "the connection died before an answer came";

static bool some_was_sent(const struct transfer *t)
{
    long sent = 0;

    return t->begun > 0 &&
           (curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent) != CURLE_OK || sent > 0);
}

/*
 * Called whenever a connection stands and the request is about to go. A second call means that
 * libcurl repeats it after the first connection died: allowed only when nothing had left.
 */
static int on_ready_to_send(void *ctx, char *remote, char *local, int remote_port, int local_port)
{
    struct transfer *t = ctx;

    (void)remote;
    (void)local;
    (void)remote_port;
    (void)local_port;
    if (some_was_sent(t)) {
        t->cut = repeated;
        return CURL_PREREQFUNC_ABORT;
    }
    t->begun++;
    return CURL_PREREQFUNC_OK;
}

static bool address_allowed(const struct transfer *t, const struct sockaddr *sa, socklen_t len)
{
    switch (address_classify(sa, len)) {
    case ADDRESS_PUBLIC:
        return !t->loopback_only;
    case ADDRESS_PRIVATE:
        return t->private_ok && !t->loopback_only;
    case ADDRESS_LOOPBACK:
        return t->loopback_ok;
    case ADDRESS_FORBIDDEN:
        break;
    }
    return false;
}

static curl_socket_t on_socket_wanted(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct transfer *t = ctx;
    curl_socket_t fd;

    if (some_was_sent(t)) {
        t->cut = repeated; /* on the way to a repetition: do not even connect */
        return CURL_SOCKET_BAD;
    }
    if (purpose != CURLSOCKTYPE_IPCXN || !address_allowed(t, &to->addr, to->addrlen)) {
        t->cut = "the host has an address that must not be connected to";
        return CURL_SOCKET_BAD;
    }
    t->cut = NULL;
    fd = curlmux_socket(t->mux, to);
    if (fd != CURL_SOCKET_BAD) {
        curlmux_keep_watch(t->mux, fd);
    }
    return fd;
}

/* Building a request. */

static int check_host(struct transfer *t, const char *scheme, const char *host,
                      const struct curlmux_request *r, struct err *e)
{
    enum address_class literal = ADDRESS_PUBLIC;
    bool loopback = address_is_loopback_host(host);

    address_of_literal(host, &literal);
    if (strcmp(scheme, "https") != 0 && !(strcmp(scheme, "http") == 0 && loopback)) {
        return err_set(e, ERR_INVALID, "only https is allowed, and http to this machine");
    }
    t->loopback_only = strcmp(scheme, "http") == 0;
    t->loopback_ok = loopback || r->allow_private;
    t->private_ok = literal == ADDRESS_PRIVATE || r->allow_private;
    return 0;
}

/* What is checked here is also what libcurl uses: it does not read the address a second time. */
static int check_url(struct transfer *t, const struct curlmux_request *r, struct err *e)
{
    char *scheme = NULL;
    char *host = NULL;
    int code = ERR_INVALID;

    t->url = curl_url();
    if (t->url == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for an address");
    }
    if (strlen(r->url) > URL_MAX || !utf8_clean_line(str_of(r->url)) ||
        curl_url_set(t->url, CURLUPART_URL, r->url, CURLU_DISALLOW_USER) != CURLUE_OK ||
        curl_url_get(t->url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(t->url, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
        err_set(e, ERR_INVALID, "the URL is not valid, or holds credentials");
    } else {
        code = check_host(t, scheme, host, r, e);
    }
    curl_free(scheme);
    curl_free(host);
    return code;
}

int curlmux_check_url(const char *url, struct err *e)
{
    struct transfer t = {.easy = NULL};
    const struct curlmux_request r = {.url = url, .allow_private = true};
    int code = check_url(&t, &r, e);

    curl_url_cleanup(t.url);
    return code;
}

static int add_header(struct transfer *t, const char *line, struct err *e)
{
    struct curl_slist *list;

    if (!utf8_clean_line(str_of(line))) {
        return err_set(e, ERR_INVALID, "a request header holds control bytes");
    }
    list = curl_slist_append(t->headers, line);
    if (list == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a header");
    }
    t->headers = list;
    return 0;
}

/*
 * RFC 7617. libcurl would make the line anew for every request, out of a user and a password that
 * it keeps in the address.
 */
static int add_credentials(struct transfer *t, const struct curlmux_request *r, struct err *e)
{
    struct buf pair;
    struct buf line;
    int code;

    buf_init(&pair, CREDENTIALS_MAX);
    buf_init(&line, 2 * CREDENTIALS_MAX);
    (void)buf_adds(&pair, r->user);
    (void)buf_addc(&pair, ':');
    (void)buf_adds(&pair, r->password == NULL ? "" : r->password);
    (void)buf_adds(&line, "Authorization: Basic ");
    (void)codec_base64(&line, pair.data, pair.len);
    code = buf_failed(&pair) != 0 ? buf_failed(&pair) : buf_failed(&line);
    if (code == ERR_LIMIT) {
        code = err_set(e, ERR_INVALID, "the user's name or password is too long");
    } else if (code != 0) {
        code = err_set(e, code, "no memory for a header");
    } else {
        code = add_header(t, buf_cstr(&line), e);
    }
    crypto_finish_buf(&pair);
    crypto_finish_buf(&line);
    return code;
}

static int add_headers(struct transfer *t, const struct curlmux_request *r, struct err *e)
{
    int code = add_header(t, "Expect:", e);

    code = code == 0 && r->user != NULL ? add_credentials(t, r, e) : code;
    for (size_t i = 0; code == 0 && i < r->header_count; i++) {
        code = add_header(t, r->headers[i], e);
    }
    return code;
}

static int copy_body(struct transfer *t, const struct curlmux_request *r, struct err *e)
{
    buf_init(&t->answer, r->answer_max > 0 ? r->answer_max : ANSWER_MAX);
    if (r->body.len == 0) {
        return 0;
    }
    t->body = malloc(r->body.len);
    if (t->body == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a request");
    }
    memcpy(t->body, r->body.ptr, r->body.len);
    t->body_len = r->body.len;
    return 0;
}

/*
 * libcurl sends a body that it has in memory together with the headers: one packet, and nearly
 * twice the requests per second of a body that it has to ask for. The fields also make it a POST.
 */
static void set_body(struct transfer *t, const struct curlmux_request *r)
{
    if (r->body.ptr != NULL || strcmp(r->method, "POST") == 0) {
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_len);
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->body == NULL ? "" : t->body);
    }
}

static void set_callbacks(struct transfer *t)
{
    curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->curl_error);
    curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, on_socket_wanted);
    curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_CLOSESOCKETFUNCTION, curlmux_close_socket);
    curl_easy_setopt(t->easy, CURLOPT_CLOSESOCKETDATA, t->mux);
    curl_easy_setopt(t->easy, CURLOPT_PREREQFUNCTION, on_ready_to_send);
    curl_easy_setopt(t->easy, CURLOPT_PREREQDATA, t);
}

/* The options are the ones their manual pages name; libcurl copies every string. */
static int set_options(struct transfer *t, const struct curlmux_request *r, struct err *e)
{
    CURL *c = t->easy;
    bool bad = false;

    curlmux_set_names(c);
    bad |= curl_easy_setopt(c, CURLOPT_CURLU, t->url) != CURLE_OK;
    bad |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, t->loopback_only ? "http" : "https") != 0;
    bad |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers) != CURLE_OK;
    bad |= curl_easy_setopt(c, CURLOPT_NOPROXY, "*") != CURLE_OK;
    bad |= curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) != CURLE_OK;
    bad |= curl_easy_setopt(c, CURLOPT_USERAGENT, "hatirlat/" HATIRLAT_VERSION) != CURLE_OK;
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_BUFFERSIZE, (long)(r->kin != 0 ? READ_SHORT_BYTES : READ_BYTES));
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, (long)IDLE_S);
    curl_easy_setopt(c, CURLOPT_MAXLIFETIME_CONN, (long)LIFETIME_S);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(r->connect_ms ? r->connect_ms : CONNECT_MS));
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(r->total_ms ? r->total_ms : TOTAL_MS));
    if (r->ca_file != NULL) {
        bad |= curl_easy_setopt(c, CURLOPT_CAINFO, r->ca_file) != CURLE_OK;
    }
    bad |= curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method) != CURLE_OK;
    set_callbacks(t);
    return bad ? err_set(e, ERR_NOMEM, "libcurl refused an option") : 0;
}

static int set_up(struct transfer *t, const struct curlmux_request *r, struct err *e)
{
    int code = check_url(t, r, e);

    code = code != 0 ? code : add_headers(t, r, e);
    return code != 0 ? code : set_options(t, r, e);
}

int transfer_prepare(struct transfer *t, const struct curlmux_request *r, struct err *e)
{
    int code = t->kin != 0 ? 0 : set_up(t, r, e);

    code = code != 0 ? code : copy_body(t, r, e);
    if (code == 0) {
        set_body(t, r);
        t->kin = r->kin;
    }
    return code;
}

void transfer_answer(struct transfer *t, CURLcode result, struct curlmux_answer *ret)
{
    long status = 0;

    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    *ret = (struct curlmux_answer){.phase = some_was_sent(t) ? CURLMUX_SENT : CURLMUX_NOT_SENT,
                                   .status =
                                       t->begun > 0 ? (int)status : 0, /* else of the one before */
                                   .body = {t->answer.data, t->answer.len},
                                   .content_type = t->content_type,
                                   .retry_after = t->retry_after,
                                   .error = ""};
    if (result == CURLE_OK) {
        ret->phase = CURLMUX_ANSWERED;
    } else if (t->cut != NULL) {
        ret->error = t->cut;
    } else {
        ret->error = t->curl_error[0] != '\0' ? t->curl_error : curl_easy_strerror(result);
    }
}

void transfer_reset(struct transfer *t)
{
    if (t->kin == 0) {
        transfer_forget(t);
    }
    if (t->body != NULL) {
        crypto_wipe(t->body, t->body_len);
        free(t->body);
    }
    buf_finish(&t->answer);
    *t = (struct transfer){.mux = t->mux,
                           .easy = t->easy,
                           .url = t->url,
                           .headers = t->headers,
                           .kin = t->kin,
                           .loopback_only = t->loopback_only,
                           .loopback_ok = t->loopback_ok,
                           .private_ok = t->private_ok};
}

void transfer_forget(struct transfer *t)
{
    curl_easy_reset(t->easy);
    curl_url_cleanup(t->url);
    for (struct curl_slist *header = t->headers; header != NULL; header = header->next) {
        crypto_wipe(header->data, strlen(header->data));
    }
    curl_slist_free_all(t->headers);
    t->url = NULL;
    t->headers = NULL;
    t->kin = 0;
}
