/* Answers: ours, and those the parser makes by itself. */
#include "base/codec.h"
#include "base/log.h"
#include "loop/httpd_internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

static const struct {
    int status;
    const char *code;
} parser_codes[] = {
    {400, "malformed_request"}, {413, "body_too_large"},
    {414, "target_too_long"},   {431, "headers_too_large"},
    {500, "internal_error"},    {501, "method_not_implemented"},
    {503, "unavailable"},       {505, "http_version_not_supported"},
};

const char *http_code_of_status(int status)
{
    for (size_t i = 0; i < sizeof parser_codes / sizeof parser_codes[0]; i++) {
        if (parser_codes[i].status == status) {
            return parser_codes[i].code;
        }
    }
    return status < 500 ? "malformed_request" : "internal_error";
}

/* Time-ordered: 9 characters of milliseconds, 16 of chance. */
void httpd_new_request_id(struct httpd *s, char out[65])
{
    struct timeval now;
    uint64_t chance = rng_next(&s->rng);

    gettimeofday(&now, NULL);
    codec_base32((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_usec / 1000, 9, out);
    codec_base32(chance & 0xffffffffffu, 8, out + 9);
    codec_base32(rng_next(&s->rng) & 0xffffffffffu, 8, out + 17);
}

static void add_common_fields(struct MHD_Response *m, const char *content_type, const char *id)
{
    if (content_type != NULL) {
        MHD_add_response_header(m, "Content-Type", content_type);
    }
    MHD_add_response_header(m, "Cache-Control", "no-store");
    MHD_add_response_header(m, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(m, "X-Request-Id", id);
}

static struct MHD_Response *make_response(struct buf *stolen, struct str body)
{
    struct MHD_Response *m;
    size_t len = 0;
    char *bytes;

    if (stolen == NULL) {
        return MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.ptr,
                                               MHD_RESPMEM_MUST_COPY);
    }
    bytes = buf_steal(stolen, &len);
    if (bytes == NULL) {
        return NULL;
    }
    m = MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE);
    if (m == NULL) {
        free(bytes);
    }
    return m;
}

static struct MHD_Response *make_problem(struct httpd *s, const struct http_problem *p)
{
    struct MHD_Response *m;
    const char *language;
    struct buf out;

    buf_init(&out, HTTPD_PROBLEM_MAX);
    language = s->handlers.problem(s->ctx, p, &out);
    m = make_response(&out, STR(""));
    buf_finish(&out);
    if (m == NULL) {
        return NULL;
    }
    add_common_fields(m, "application/problem+json", p->request_id.ptr);
    if (language != NULL) {
        MHD_add_response_header(m, "Content-Language", language);
    }
    if (p->status == 503) {
        MHD_add_response_header(m, "Retry-After", HTTPD_RETRY_AFTER);
    }
    return m;
}

bool http_prepare_problem(struct http_request *r, int status, const char *code)
{
    struct http_problem p = {status, code, str_of(r->id), http_header(r, "accept-language")};

    if (p.accept_language.ptr == NULL) {
        p.accept_language = STR("");
    }
    r->status = status;
    r->response = make_problem(r->server, &p);
    return r->response != NULL;
}

typedef enum MHD_Result queue_function(struct MHD_Connection *mhd, unsigned status,
                                       struct MHD_Response *response);

/* The library's own function, which the one below hides from it. */
static queue_function *library_queue(void)
{
    static queue_function *found;

    if (found == NULL) {
        *(void **)&found = dlsym(RTLD_NEXT, "MHD_queue_response");
    }
    return found;
}

enum MHD_Result http_queue(struct http_request *r)
{
    struct http_connection *c = r->conn;
    enum MHD_Result rc = MHD_NO;

    r->stage = STAGE_DONE;
    c->phase = PHASE_REPLY;
    c->deadline = r->request_deadline;
    if (r->response != NULL) {
        if (c->server->stopping || r->refuse_status != 0) {
            MHD_add_response_header(r->response, "Connection", "close");
        }
        rc = library_queue()(c->mhd, (unsigned)r->status, r->response);
        MHD_destroy_response(r->response);
        r->response = NULL;
    }
    return rc;
}

/* The parser refuses a request by itself: same status, our form. */
static struct MHD_Response *own_form(struct MHD_Connection *mhd, int status)
{
    struct http_connection *c = httpd_connection_of(mhd);
    struct http_problem p = {status, http_code_of_status(status), STR(""), STR("")};
    char id[65];
    const char *language = MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Accept-Language");

    if (c == NULL) {
        return NULL;
    }
    httpd_new_request_id(c->server, id);
    p.request_id = str_of(id);
    p.accept_language = str_of(language);
    c->begun = true;
    c->phase = PHASE_REPLY;
    c->server->progress++;
    return make_problem(c->server, &p);
}

/*
 * When 0.9.75 refuses a head after its last line (a Content-Length that is no number, no room for
 * cookies), it builds the head of its answer twice and sends both. Such an answer is written here.
 */
static bool head_would_be_doubled(struct MHD_Connection *mhd)
{
    struct http_connection *c = httpd_connection_of(mhd);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    return c != NULL && c->req != NULL && c->req->stage == STAGE_LINE && info != NULL &&
           info->header_size > 0;
}

/*
 * libmicrohttpd queues its built-in error pages by calling this exported function of its own; as
 * the program exports one of the same name, the call comes here instead, and no HTML leaves.
 */
enum MHD_Result MHD_queue_response(struct MHD_Connection *mhd, unsigned status,
                                   struct MHD_Response *response)
{
    struct MHD_Response *ours;
    enum MHD_Result rc;

    if (head_would_be_doubled(mhd)) {
        struct http_connection *c = httpd_connection_of(mhd);

        httpd_send_raw_problem(c->server, c->fd, (int)status, http_code_of_status((int)status));
        return MHD_NO;
    }
    ours = own_form(mhd, (int)status);
    if (ours == NULL) {
        return library_queue()(mhd, status, response);
    }
    rc = library_queue()(mhd, status, ours);
    MHD_destroy_response(ours);
    return rc;
}

/* Gives the handler's hold up; the prepared response goes out, or the request ends here. */
static void give_up(struct http_request *r)
{
    struct http_connection *c = r->conn;

    r->handed = false;
    if (c == NULL) {
        http_request_free(r);
        return;
    }
    if (!r->in_handler && c->phase == PHASE_HANDLING) {
        c->phase = PHASE_REPLY;
        c->deadline = r->request_deadline;
        c->server->resumed = true;
        MHD_resume_connection(c->mhd);
    }
}

/* Whether an answer can still go out. */
static bool awaited(const struct http_request *r)
{
    return r->conn != NULL && !r->conn->cut && r->response == NULL &&
           (r->in_handler || r->conn->phase == PHASE_HANDLING);
}

static void prepare_answer(struct http_request *r, const struct http_answer *a)
{
    r->response = make_response(a->stolen, a->body);
    r->status = a->status;
    if (r->response == NULL) {
        log_error("http_no_memory", LOG_S("request", r->id));
        (void)http_prepare_problem(r, 503, "out_of_memory");
        return;
    }
    add_common_fields(r->response, a->content_type, r->id);
    for (size_t i = 0; i < HTTP_FIELDS_MAX && a->fields[i].name != NULL; i++) {
        MHD_add_response_header(r->response, a->fields[i].name, a->fields[i].value);
    }
}

void http_reply(struct http_request *req, const struct http_answer *answer)
{
    if (awaited(req)) {
        prepare_answer(req, answer);
    }
    if (answer->stolen != NULL) {
        buf_finish(answer->stolen);
    }
    give_up(req);
}

void http_refuse(struct http_request *req, int status, const char *code)
{
    if (awaited(req)) {
        (void)http_prepare_problem(req, status, code);
    }
    give_up(req);
}

void http_drop(struct http_request *req, struct str raw, bool reset)
{
    if (awaited(req)) {
        const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
        int fd = req->conn->fd;

        if (raw.len > 0) {
            (void)!send(fd, raw.ptr, raw.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        if (reset) {
            (void)connect(fd, &nobody, sizeof nobody); /* connect(2): dissolves the association */
        }
        httpd_cut(req->conn);
    }
    give_up(req);
}

static const char *reason(int status)
{
    const char *phrase = MHD_get_reason_phrase_for((unsigned)status);

    return phrase == NULL ? "Error" : phrase;
}

void httpd_send_raw_problem(struct httpd *s, int fd, int status, const char *code)
{
    char id[65];
    struct http_problem p = {status, code, STR(""), STR("")};
    struct buf body, head;
    const char *language;

    httpd_new_request_id(s, id);
    p.request_id = str_of(id);
    buf_init(&body, HTTPD_PROBLEM_MAX);
    buf_init(&head, HTTPD_PROBLEM_MAX + 1024);
    language = s->handlers.problem(s->ctx, &p, &body);
    buf_addf(&head,
             "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
             "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Request-Id: %s\r\n",
             status, reason(status), id);
    if (language != NULL) {
        buf_addf(&head, "Content-Language: %s\r\n", language);
    }
    if (status == 503) {
        buf_adds(&head, "Retry-After: " HTTPD_RETRY_AFTER "\r\n");
    }
    buf_addf(&head, "Content-Length: %zu\r\n\r\n%s", body.len, buf_cstr(&body));
    if (!buf_failed(&head)) {
        (void)!send(fd, head.data, head.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    buf_finish(&body);
    buf_finish(&head);
}
