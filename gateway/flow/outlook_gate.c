/* What stands between the planned messages and their sending: decisions of the office. */
#include "flow/control.h"
#include "flow/outlook.h"

void outlook_note_gate(struct outlook *o, const struct controls *picture, const struct conf *conf,
                       const struct message_row *m, int64_t at_ms)
{
    switch (controls_gate(picture, conf, m->campaign, m->created_ms, at_ms)) {
    case GATE_AWAITING:
        o->stopped_by.awaiting++;
        break;
    case GATE_CANCELLED:
        o->stopped_by.cancelled++;
        break;
    case GATE_PAUSED:
        o->stopped_by.paused++;
        break;
    case GATE_OPEN:
        o->stopped_by.paused += controls_channel(picture, m->channel, at_ms) != NULL;
        break;
    }
}

void outlook_write_gates(struct json_writer *w, const struct outlook *o)
{
    jsonw_key(w, "stopped_by");
    jsonw_object(w);
    jsonw_put_i64(w, CONTROL_REASON_AWAITING, o->stopped_by.awaiting);
    jsonw_put_i64(w, CONTROL_REASON_PAUSED, o->stopped_by.paused);
    jsonw_put_i64(w, CONTROL_REASON_CANCELLED, o->stopped_by.cancelled);
    jsonw_end_object(w);
}
