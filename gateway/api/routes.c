#include "api/api_internal.h"

/* clang-format off */
const struct route api_routes[] = {
    {HTTP_GET, "/healthz", 0, true, handle_healthz, "the process answers"},
    {HTTP_GET, "/readyz", SCOPE_METRICS_READ, false, handle_readyz, "loop, store and providers make progress"},
    {HTTP_GET, "/metrics", SCOPE_METRICS_READ, false, handle_metrics, "Prometheus text"},
    {HTTP_POST, "/v1/events", SCOPE_EVENTS_WRITE, false, handle_events, "facts: CloudEvents, JSON, NDJSON"},
    {HTTP_GET, "/v1/messages", SCOPE_MESSAGES_READ, false, handle_message_list, "messages, newest first"},
    {HTTP_POST, "/v1/messages/{id}:cancel", SCOPE_MESSAGES_WRITE, false, handle_message_cancel, "stop a message"},
    {HTTP_POST, "/v1/messages/{id}:resend", SCOPE_MESSAGES_WRITE, false, handle_message_resend, "send it again"},
    {HTTP_POST, "/v1/messages/{id}/cancel", SCOPE_MESSAGES_WRITE, false, handle_message_cancel, "stop a message"},
    {HTTP_POST, "/v1/messages/{id}/resend", SCOPE_MESSAGES_WRITE, false, handle_message_resend, "send it again"},
    {HTTP_GET, "/v1/messages/{id}", SCOPE_MESSAGES_READ, false, handle_message_get, "one message and its timeline"},
    {HTTP_GET, "/v1/providers", SCOPE_CAMPAIGNS_READ, false, handle_provider_list, "providers and their states"},
    {HTTP_POST, "/v1/providers/{name}:test", SCOPE_ADMIN, false, handle_provider_test, "one message through this provider"},
    {HTTP_POST, "/v1/providers/{name}/test", SCOPE_ADMIN, false, handle_provider_test, "one message through this provider"},
    {HTTP_GET, "/v1/providers/{name}/balance", SCOPE_CAMPAIGNS_READ, false, handle_provider_balance, "what is left to send with"},
    {HTTP_GET, "/v1/providers/{name}", SCOPE_CAMPAIGNS_READ, false, handle_provider_get, "one provider"},
    {HTTP_GET, "/v1/keys", SCOPE_ADMIN, false, handle_key_list, "access keys"},
    {HTTP_POST, "/v1/keys", SCOPE_ADMIN, false, handle_key_create, "make an access key"},
    {HTTP_POST, "/v1/keys/{name}:revoke", SCOPE_ADMIN, false, handle_key_revoke, "end an access key"},
    {HTTP_POST, "/v1/keys/{name}/revoke", SCOPE_ADMIN, false, handle_key_revoke, "end an access key"},
    {HTTP_GET, "/reports/{provider}/{secret}", 0, true, handle_report, "delivery reports of a provider"},
    {HTTP_POST, "/reports/{provider}/{secret}", 0, true, handle_report, "delivery reports of a provider"},
    {HTTP_GET, NULL, 0, false, NULL, NULL},
};
/* clang-format on */

/* What "{x}" takes: up to the character that follows it in the pattern, within one segment. */
static struct str capture(struct str path, char end)
{
    size_t n = 0;

    while (n < path.len && path.ptr[n] != '/' && (end == '\0' || path.ptr[n] != end)) {
        n++;
    }
    return (struct str){path.ptr, n};
}

static void advance(struct str *s, size_t n)
{
    s->ptr += n;
    s->len -= n;
}

bool route_match(const char *pattern, struct str path, struct str captures[API_CAPTURES])
{
    size_t captured = 0;

    memset(captures, 0, API_CAPTURES * sizeof captures[0]);

    while (*pattern != '\0') {
        if (*pattern == '{') {
            pattern = strchr(pattern, '}') + 1;

            struct str s = capture(path, *pattern);

            if (s.len == 0 || captured == API_CAPTURES) {
                return false;
            }
            captures[captured++] = s;
            advance(&path, s.len);
        } else if (path.len > 0 && path.ptr[0] == *pattern) {
            pattern++;
            advance(&path, 1);
        } else {
            return false;
        }
    }
    return path.len == 0;
}

const struct route *route_find(enum http_method method, struct str path,
                               struct str captures[API_CAPTURES], unsigned *ret_allowed)
{
    enum http_method wanted = method == HTTP_HEAD ? HTTP_GET : method;

    *ret_allowed = 0;
    for (const struct route *r = api_routes; r->pattern != NULL; r++) {
        if (!route_match(r->pattern, path, captures)) {
            continue;
        }
        if (r->method == wanted) {
            return r;
        }
        *ret_allowed |= 1u << r->method;
    }
    return NULL;
}
