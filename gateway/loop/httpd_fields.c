/* The head of a request: copied, judged, looked up. */
#include "base/codec.h"
#include "loop/httpd_head.h"
#include "loop/httpd_internal.h"

#include <stdlib.h>

static const char *const method_names[HTTP_METHOD_COUNT] = {"GET",   "HEAD",   "POST",   "PUT",
                                                            "PATCH", "DELETE", "OPTIONS"};

const char *http_method_name(enum http_method m)
{
    return (unsigned)m < HTTP_METHOD_COUNT ? method_names[m] : "?";
}

static void fault(struct http_request *r, int status, const char *code)
{
    if (r->refuse_status == 0) {
        r->refuse_status = status;
        r->refuse_code = code;
    }
}

struct copier {
    struct http_request *r;
    size_t used;
    size_t room;
    size_t max_pairs;
};

static struct str keep(struct copier *k, const char *bytes, size_t n)
{
    struct str s = {k->r->head + k->used, n};

    memcpy(k->r->head + k->used, bytes, n);
    k->used += n;
    return s;
}

static enum MHD_Result copy_field(void *cls, enum MHD_ValueKind kind, const char *name,
                                  size_t name_len, const char *value, size_t value_len)
{
    struct copier *k = cls;
    struct str trimmed = str_trim((struct str){value, value == NULL ? 0 : value_len});

    (void)kind;
    if (k->r->pair_count == k->max_pairs || name_len + trimmed.len > k->room - k->used) {
        return MHD_NO;
    }
    struct http_pair *p = &k->r->pairs[k->r->pair_count++];

    p->name = keep(k, name, name_len);
    p->value = keep(k, trimmed.len == 0 ? "" : trimmed.ptr, trimmed.len);
    return MHD_YES;
}

static size_t head_size(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    return info == NULL ? 0 : info->header_size;
}

static bool copy_fields(struct http_request *r, size_t size)
{
    int count = MHD_get_connection_values_n(r->conn->mhd, MHD_HEADER_KIND, NULL, NULL);
    struct copier k = {r, 0, size, count < 0 ? 0 : (size_t)count};

    r->head = malloc(size + 1);
    r->pairs = calloc(k.max_pairs + 1, sizeof *r->pairs);
    if (r->head == NULL || r->pairs == NULL) {
        return false;
    }
    MHD_get_connection_values_n(r->conn->mhd, MHD_HEADER_KIND, copy_field, &k);
    return true;
}

/* Path and query of an origin-form or absolute-form target (RFC 9112 §3.2). */
static bool split_target(struct http_request *r)
{
    struct str t = {r->target, r->target_len};
    const char *mark;

    for (size_t i = 0; i < t.len; i++) {
        if (t.ptr[i] <= ' ' || t.ptr[i] > '~') {
            return false;
        }
    }
    if (str_starts(t, "http://")) {
        const char *slash = memchr(t.ptr + 7, '/', t.len - 7);

        t = slash == NULL ? STR("/") : (struct str){slash, t.len - (size_t)(slash - t.ptr)};
    }
    mark = t.len == 0 ? NULL : memchr(t.ptr, '?', t.len);
    r->path = mark == NULL ? t : (struct str){t.ptr, (size_t)(mark - t.ptr)};
    r->query = mark == NULL ? STR("") : (struct str){mark + 1, t.len - (size_t)(mark + 1 - t.ptr)};
    return r->path.len > 0 && r->path.ptr[0] == '/';
}

static bool find_method(struct http_request *r, const char *name)
{
    for (size_t i = 0; i < HTTP_METHOD_COUNT; i++) {
        if (strcmp(method_names[i], name) == 0) {
            r->method = (enum http_method)i;
            return true;
        }
    }
    return false;
}

static size_t count_fields(const struct http_request *r, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < r->pair_count; i++) {
        n += str_ieq(r->pairs[i].name, str_of(name));
    }
    return n;
}

/* How long the body is must have exactly one reading (RFC 9112 §6.3, RFC 9110 §7.2). */
static void check_framing(struct http_request *r, bool http10)
{
    size_t lengths = count_fields(r, "content-length");
    size_t encodings = count_fields(r, "transfer-encoding");
    size_t hosts = count_fields(r, "host");
    int64_t n;

    if (lengths > 1 || encodings > 1 || (lengths > 0 && encodings > 0) ||
        (encodings > 0 && http10) ||
        (lengths > 0 && http_content_length(http_header(r, "content-length"), &n) != 0)) {
        fault(r, 400, "ambiguous_length");
    }
    if (encodings > 0 && !str_ieq(http_header(r, "transfer-encoding"), STR("chunked"))) {
        fault(r, 501, "transfer_encoding_not_supported");
    }
    if (hosts > 1 || (hosts == 0 && !http10)) {
        fault(r, 400, "host_required");
    }
}

static void check_limits(struct http_request *r, size_t size)
{
    const struct httpd_options *o = &r->server->options;

    if (r->target_len > o->target_bytes) {
        fault(r, 414, "target_too_long");
    }
    if (size > o->header_bytes || r->pair_count > o->header_count) {
        fault(r, 431, "headers_too_large");
    }
}

static void check_announced_length(struct http_request *r)
{
    struct httpd *s = r->server;
    int64_t length = 0;

    if (s->handlers.body_limit != NULL) {
        r->body_limit = s->handlers.body_limit(s->ctx, r);
    }
    if (r->body_limit == 0) {
        r->body_limit = s->options.body_bytes;
    }
    if (http_content_length(http_header(r, "content-length"), &length) == 0 &&
        (uint64_t)length > r->body_limit) {
        fault(r, 413, "body_too_large");
    }
}

static void choose_id(struct http_request *r)
{
    struct str wanted = http_header(r, "x-request-id");

    if (!http_request_id_sane(wanted) || str_copy(r->id, sizeof r->id, wanted) != 0) {
        httpd_new_request_id(r->server, r->id);
    }
}

/*
 * Up to 0.9.76 the library leaves the head in its buffer in the form that http_head_strict() knows
 * and checks little itself; later releases check more and promise nothing about the buffer.
 */
static bool strict(const struct http_request *r, const char *method, const char *version,
                   size_t size)
{
    size_t line = (size_t)(version - method);
    size_t fields;

    if (MHD_VERSION >= 0x00097700) {
        return true;
    }
    return version > method && size > line && size <= (size_t)1 << 24 &&
           http_head_strict((struct str){version, size - line}, &fields) && fields == r->pair_count;
}

bool http_request_read_head(struct http_request *r, const char *method, const char *version)
{
    size_t size = head_size(r->conn->mhd);
    size_t most = r->server->options.header_bytes * 2 + 32768;

    if (!copy_fields(r, size < most ? size : most)) {
        return false;
    }
    choose_id(r);
    check_limits(r, size);
    if (size > most || !split_target(r) || !http_token(str_of(method)) ||
        !strict(r, method, version, size)) {
        fault(r, 400, "malformed_request");
    }
    check_framing(r, strcmp(version, "HTTP/1.0") == 0);
    if (!find_method(r, method)) {
        fault(r, 501, "method_not_implemented");
    }
    if (r->refuse_status == 0) {
        check_announced_length(r);
    }
    return true;
}

enum http_method http_method(const struct http_request *req)
{
    return req->method;
}

struct str http_path(const struct http_request *req)
{
    return req->path;
}

struct str http_query(const struct http_request *req)
{
    return req->query;
}

struct str http_header(const struct http_request *req, const char *name)
{
    for (size_t i = 0; i < req->pair_count; i++) {
        if (str_ieq(req->pairs[i].name, str_of(name))) {
            return req->pairs[i].value;
        }
    }
    return (struct str){NULL, 0};
}

bool http_header_at(const struct http_request *req, size_t index, struct str *ret_name,
                    struct str *ret_value)
{
    if (index >= req->pair_count) {
        return false;
    }
    *ret_name = req->pairs[index].name;
    *ret_value = req->pairs[index].value;
    return true;
}

struct str http_body(const struct http_request *req)
{
    return req->body.data == NULL ? STR("") : (struct str){req->body.data, req->body.len};
}

const char *http_peer(const struct http_request *req)
{
    return req->peer;
}

int64_t http_peer_uid(const struct http_request *req)
{
    return req->uid;
}

bool http_peer_is_loopback(const struct http_request *req)
{
    return req->loopback;
}

struct str http_request_id(const struct http_request *req)
{
    return str_of(req->id);
}

void http_request_on_abort(struct http_request *req,
                           void (*aborted)(void *ctx, struct http_request *req), void *ctx)
{
    req->aborted = aborted;
    req->abort_ctx = ctx;
}

static struct str cut_at(struct str *rest, char mark)
{
    const char *at = rest->len == 0 ? NULL : memchr(rest->ptr, mark, rest->len);
    struct str part = {rest->ptr, at == NULL ? rest->len : (size_t)(at - rest->ptr)};
    size_t skip = part.len + (at == NULL ? 0 : 1);

    rest->ptr += skip;
    rest->len -= skip;
    return part;
}

/* application/x-www-form-urlencoded: a plus sign is a blank. */
int http_form_decode(struct str s, struct buf *out)
{
    size_t from = out->len;
    int rc = 0;

    while (s.len > 0 && rc == 0) {
        size_t before = s.len;
        struct str part = cut_at(&s, '+');

        rc = codec_percent_decode(out, part);
        if (rc == 0 && part.len < before) {
            rc = buf_addc(out, ' ');
        }
    }
    if (rc == 0 && out->data != NULL && memchr(out->data + from, '\0', out->len - from) != NULL) {
        rc = ERR_INVALID;
    }
    return rc;
}

int http_query_param(const struct http_request *req, const char *name, struct buf *out)
{
    struct str rest = req->query;

    while (rest.len > 0) {
        struct str value = cut_at(&rest, '&');
        struct str key = cut_at(&value, '=');

        if (str_eqs(key, name)) {
            return http_form_decode(value, out);
        }
    }
    return ERR_NOT_FOUND;
}
