/* What an operator may do to one message. */
#include "api/api_internal.h"
#include "flow/operate.h"

#include <stdio.h>
#include <stdlib.h>

struct operation {
    struct api *api;
    struct http_request *req;
    int64_t id;
};

static void warn_of_doubt(struct json_writer *w, bool turkish)
{
    jsonw_key(w, "warnings");
    jsonw_array(w);
    jsonw_object(w);
    jsonw_put(w, "code", "may_have_arrived");
    jsonw_put(w, "detail",
              turkish ? "Önceki bir denemenin gidip gitmediği bilinmiyor: ileti kişiye ulaşmış "
                        "olabilir."
                      : "Nobody knows whether an earlier attempt went: the message may have "
                        "reached the person.");
    jsonw_end_object(w);
    jsonw_end_array(w);
}

static void answer_operation(struct operation *o, enum message_state state, bool in_doubt)
{
    struct json_writer w;
    struct buf out;
    char id[IDS_TEXT_SIZE];

    ids_message_format(o->api->g->ids, o->id, id);
    buf_init(&out, 4096);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    jsonw_put(&w, "id", id);
    jsonw_put(&w, "status", message_state_name(state));
    jsonw_put(&w, "status_text", message_state_sentence(state, api_turkish(o->req)));
    if (in_doubt) {
        warn_of_doubt(&w, api_turkish(o->req));
    }
    jsonw_end_object(&w);
    api_answer(o->req, 200, &out);
}

static void refuse_state(struct operation *o, enum message_state state)
{
    const bool turkish = api_turkish(o->req);
    char detail[320];

    (void)snprintf(detail, sizeof detail, "%s: %s",
                   turkish ? "İletinin şu anki durumu bu işleme izin vermiyor"
                           : "The present state of the message does not allow this",
                   message_state_sentence(state, turkish));
    api_refuse(o->req, "wrong_state", NULL, detail);
}

static void on_operated(void *ctx, int status, enum message_state state, bool in_doubt,
                        const struct err *e)
{
    struct operation *o = ctx;
    struct api *api = o->api;

    (void)e;
    if (status == 0) {
        answer_operation(o, state, in_doubt);
    } else if (status == ERR_WRONG_STATE) {
        refuse_state(o, state);
    } else {
        api_refuse_for(o->req, status);
    }
    free(o);
    api_drop(api);
}

typedef int operate_function(struct gateway *g, int64_t message_id, const char *actor,
                             operate_done *done, void *ctx, struct err *e);

static void operate(struct call *call, operate_function *function)
{
    struct operation *o;
    struct err e = {0};
    char actor[AUDIT_ACTOR_MAX + 1];
    int64_t id;
    int rc;

    if (!api_message_of(call, &id)) {
        return;
    }
    o = calloc(1, sizeof *o);
    if (o == NULL) {
        api_refuse(call->req, "out_of_memory", NULL, NULL);
        return;
    }
    *o = (struct operation){call->api, call->req, id};
    api_actor(call, actor);
    api_hold(call->api);
    rc = function(call->api->g, id, actor, on_operated, o, &e);
    if (rc != 0) {
        on_operated(o, rc, MESSAGE_STATE_COUNT, false, &e);
    }
}

void handle_message_cancel(struct call *call)
{
    operate(call, operate_cancel);
}

/* Nothing in a body could make a cancel worse; what would be sent again may not be misunderstood.
 */
void handle_message_resend(struct call *call)
{
    struct json_doc *doc = api_members(call, (const char *const[]){NULL});

    if (doc != NULL) {
        json_free(doc);
        operate(call, operate_resend);
    }
}
