/* Delivery reports pushed by providers: the secret in the path is the key. */
#include "api/api_internal.h"
#include "flow/reports.h"

#include <stdlib.h>

static struct str or_empty(struct str s)
{
    return s.ptr == NULL ? STR("") : s;
}

/* A push between its reading and its storing. */
struct push {
    struct api *api;
    struct http_request *req;
};

static void on_stored(void *ctx, int status)
{
    struct push *p = ctx;
    struct api *api = p->api;
    struct http_answer ok = {.status = 200, .content_type = "text/plain", .body = STR("OK\n")};

    if (status == 0) {
        http_reply(p->req, &ok);
    } else {
        api_refuse_for(p->req, status);
    }
    free(p);
    api_drop(api);
}

static struct str header_of(const void *request, const char *name)
{
    return http_header(request, name);
}

static void refuse_report(struct http_request *req, int err_code)
{
    switch (err_code) {
    case ERR_INVALID:
        api_refuse(req, "invalid_report", NULL, NULL);
        break;
    case ERR_DENIED:
        api_refuse(req, "report_denied", NULL, NULL);
        break;
    case ERR_UNSUPPORTED:
        api_refuse(req, "not_found", NULL, NULL);
        break;
    default:
        api_refuse_for(req, err_code);
        break;
    }
}

/* A provider forgets a report that was confirmed: so it is stored first. */
void handle_report(struct call *call)
{
    const struct provider_hook hook = {.method = str_of(http_method_name(http_method(call->req))),
                                       .query = http_query(call->req),
                                       .content_type =
                                           or_empty(http_header(call->req, "content-type")),
                                       .body = http_body(call->req),
                                       .header = header_of,
                                       .request = call->req};
    struct push *p = malloc(sizeof *p);
    struct err e = {0};
    int rc;

    if (p == NULL) {
        api_refuse(call->req, "out_of_memory", NULL, NULL);
        return;
    }
    *p = (struct push){call->api, call->req};
    api_hold(p->api);
    rc = reports_hook(call->api->g, call->captures[0], call->captures[1], &hook, on_stored, p, &e);
    if (rc == 0) {
        return;
    }
    free(p);
    api_drop(call->api);
    refuse_report(call->req, rc);
}
