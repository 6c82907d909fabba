/*
 * A peer of the mail server says anything. Invariants: memory stays in bounds, a message fits its
 * limit and has a recipient that is ours, and it makes no difference in which pieces bytes come.
 */
#include "loop/mailin_talk.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 300 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool accepts(void *ctx, struct str recipient)
{
    (void)ctx;
    return recipient.len > 0 && recipient.ptr[0] == 'i';
}

static void check(const struct mailin_talk *t)
{
    if (t->message.len > MESSAGE_MAX || t->recipient_count == 0 ||
        t->recipient_count > MAILIN_RECIPIENTS_MAX) {
        abort();
    }
    for (size_t i = 0; i < t->recipient_count; i++) {
        if (t->recipients[i][0] != 'i') {
            abort();
        }
    }
}

static void run(struct str bytes, size_t piece, struct buf *out)
{
    struct mailin_talk *t = calloc(1, sizeof *t);
    enum mailin_step step = MAILIN_MORE;

    *t = (struct mailin_talk){.host = "h", .accepts = accepts, .message_max = MESSAGE_MAX};
    mailin_talk_begin(t, out);
    while (bytes.len > 0 && step != MAILIN_CLOSE) {
        struct str part = {bytes.ptr, piece < bytes.len ? piece : bytes.len};
        size_t n = part.len;

        while (part.len > 0 && step != MAILIN_CLOSE) {
            step = mailin_talk_read(t, &part, out);
            if (step == MAILIN_MESSAGE) {
                check(t);
                (void)buf_add(out, t->message.data, t->message.len);
                mailin_talk_verdict(t, MAILIN_TAKEN, out);
            }
        }
        bytes.ptr += n;
        bytes.len -= n;
    }
    mailin_talk_finish(t);
    free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = {(const char *)data, size};
    struct buf whole;
    struct buf pieces;

    buf_init(&whole, 1 << 20);
    buf_init(&pieces, 1 << 20);
    run(bytes, size + 1, &whole);
    run(bytes, size > 0 ? data[0] % 7 + 1 : 1, &pieces);
    if (whole.len != pieces.len || memcmp(whole.data, pieces.data, whole.len) != 0) {
        abort();
    }
    buf_finish(&whole);
    buf_finish(&pieces);
    return 0;
}
