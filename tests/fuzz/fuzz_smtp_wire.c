/*
 * The transcript of an SMTP dialogue: a relay says anything, in pieces of any size, between
 * commands of ours. Invariants: memory stays in bounds, a breach stays, only letters of defaced
 * words change, and no reply to a body is kept that came before the body's end.
 */
#include "providers/smtp/smtp_wire.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* First byte of a step: what happens; second: how many of the following bytes it takes. */
static size_t step(struct smtp_wire *w, const uint8_t *data, size_t size)
{
    static const char *const commands[] = {"EHLO a\r\n",
                                           "STARTTLS\r\n",
                                           "AUTH PLAIN x\r\n",
                                           "MAIL FROM:<a>\r\n",
                                           "RCPT TO:<b>\r\nDATA\r\n",
                                           "RSET\r\nMAIL FROM:<a>\r\n",
                                           "QUIT\r\n",
                                           "DATA\r\n"};
    enum smtp_breach before = w->breach;
    size_t n = data[1] < size - 2 ? data[1] : size - 2;
    char bytes[256];

    memcpy(bytes, data + 2, n);
    if (data[0] % 4 == 0) {
        const char *command = commands[(data[0] / 4) % 8];

        (void)smtp_wire_wrote(w, command, strlen(command));
        n = 0;
    } else if (data[0] % 16 == 1) {
        smtp_wire_body_sent(w);
        n = 0;
    } else if (data[0] % 16 == 5) {
        smtp_wire_secured(w);
        n = 0;
    } else if (data[0] % 16 == 9) {
        (void)smtp_wire_wrote(w, bytes, n);
    } else {
        (void)smtp_wire_read(w, bytes, n);
        for (size_t i = 0; i < n; i++) {
            if (bytes[i] != (char)data[2 + i] && bytes[i] != '_') {
                abort();
            }
        }
    }
    if (before != SMTP_BREACH_NONE && w->breach != before) {
        abort();
    }
    return n + 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct smtp_wire w;

    smtp_wire_reset(&w, size > 0 && (data[0] & 1) != 0, size > 0 && (data[0] & 2) != 0);
    while (size > 2) {
        size_t used = step(&w, data, size);

        data += used;
        size -= used;
    }
    for (int verb = 0; verb < SMTP_VERB_COUNT; verb++) {
        if (strlen(w.replies[verb].text) >= SMTP_REPLY_TEXT ||
            strlen(w.replies[verb].enhanced) >= sizeof w.replies[verb].enhanced) {
            abort();
        }
    }
    return 0;
}
