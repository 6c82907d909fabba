/* Delivery reports pushed by providers: the secret in the path is the key. */
#include "api/api_internal.h"
#include "flow/reports.h"

static struct str or_empty(struct str s)
{
    return s.ptr == NULL ? STR("") : s;
}

void handle_report(struct call *call)
{
    const struct provider_hook hook = {.method = str_of(http_method_name(http_method(call->req))),
                                       .query = http_query(call->req),
                                       .content_type =
                                           or_empty(http_header(call->req, "content-type")),
                                       .body = http_body(call->req)};
    struct http_answer ok = {.status = 200, .content_type = "text/plain", .body = STR("OK\n")};
    struct err e = {0};
    int rc = reports_hook(call->api->g, call->captures[0], call->captures[1], &hook, &e);

    if (rc == 0) {
        http_reply(call->req, &ok);
    } else if (rc == ERR_INVALID) {
        api_refuse(call->req, "invalid_report", NULL, NULL);
    } else {
        api_refuse_for(call->req, rc);
    }
}
