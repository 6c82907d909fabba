#include "domain/message.h"

#define BIT(s) (1u << (s))

static const struct {
    const char *name;
    const char *tr;
    const char *en;
    unsigned next; /* bit per allowed next state */
} states[MESSAGE_STATE_COUNT] = {
    [MESSAGE_PLANNED] = {"planned", "Gönderim günü bekleniyor.", "Waiting for its day.",
                         BIT(MESSAGE_QUEUED) | BIT(MESSAGE_SENDING) | BIT(MESSAGE_HELD) |
                             BIT(MESSAGE_EXPIRED) | BIT(MESSAGE_CANCELLED) |
                             BIT(MESSAGE_SUPPRESSED) | BIT(MESSAGE_FAILED)},
    [MESSAGE_QUEUED] = {"queued", "Sırada, gönderilmek üzere.", "In the queue, about to be sent.",
                        BIT(MESSAGE_SENDING) | BIT(MESSAGE_HELD) | BIT(MESSAGE_EXPIRED) |
                            BIT(MESSAGE_DELIVERED) | BIT(MESSAGE_CANCELLED) | BIT(MESSAGE_PLANNED) |
                            BIT(MESSAGE_SUPPRESSED) | BIT(MESSAGE_FAILED)},
    [MESSAGE_SENDING] = {"sending", "Sağlayıcıya iletiliyor.", "Being handed to the provider.",
                         BIT(MESSAGE_ACCEPTED) | BIT(MESSAGE_DELIVERED) | BIT(MESSAGE_QUEUED) |
                             BIT(MESSAGE_UNDELIVERED) | BIT(MESSAGE_UNKNOWN) | BIT(MESSAGE_FAILED) |
                             BIT(MESSAGE_EXPIRED) | BIT(MESSAGE_HELD) | BIT(MESSAGE_CANCELLED)},
    [MESSAGE_ACCEPTED] = {"accepted", "Sağlayıcı iletiyi aldı; teslim raporu gelirse kesinleşir.",
                          "The provider took it; a delivery report may follow.",
                          BIT(MESSAGE_DELIVERED) | BIT(MESSAGE_UNDELIVERED) | BIT(MESSAGE_QUEUED)},
    [MESSAGE_DELIVERED] = {"delivered", "Alıcıya ulaştı.", "Reached the recipient.",
                           BIT(MESSAGE_QUEUED)},
    [MESSAGE_UNDELIVERED] = {"undelivered", "Sağlayıcı alıcıya ulaştıramadı.",
                             "The provider could not deliver it.",
                             BIT(MESSAGE_DELIVERED) | BIT(MESSAGE_QUEUED)},
    [MESSAGE_HELD] = {"held", "Bekletiliyor; bir yetkilinin kararı gerekiyor.",
                      "Held; somebody has to decide.",
                      BIT(MESSAGE_QUEUED) | BIT(MESSAGE_PLANNED) | BIT(MESSAGE_CANCELLED) |
                          BIT(MESSAGE_EXPIRED) | BIT(MESSAGE_DELIVERED) | BIT(MESSAGE_UNDELIVERED) |
                          BIT(MESSAGE_ACCEPTED)},
    [MESSAGE_UNKNOWN] = {"unknown", "Sağlayıcının alıp almadığı bilinmiyor; ileti gitmiş olabilir.",
                         "Nobody knows whether the provider took it; it may have been sent.",
                         BIT(MESSAGE_ACCEPTED) | BIT(MESSAGE_DELIVERED) | BIT(MESSAGE_UNDELIVERED) |
                             BIT(MESSAGE_QUEUED) | BIT(MESSAGE_HELD) | BIT(MESSAGE_FAILED) |
                             BIT(MESSAGE_EXPIRED) | BIT(MESSAGE_CANCELLED)},
    [MESSAGE_FAILED] = {"failed", "Gönderilemedi; yeniden denenmeyecek.",
                        "Not sent; it is not tried again.",
                        BIT(MESSAGE_QUEUED) | BIT(MESSAGE_DELIVERED)},
    [MESSAGE_EXPIRED] = {"expired", "Süresi geçtiği için gönderilmedi.",
                         "Not sent; its time has passed.",
                         BIT(MESSAGE_QUEUED) | BIT(MESSAGE_PLANNED) | BIT(MESSAGE_HELD)},
    [MESSAGE_CANCELLED] = {"cancelled", "İptal edildi.", "Cancelled.",
                           BIT(MESSAGE_QUEUED) | BIT(MESSAGE_DELIVERED) | BIT(MESSAGE_PLANNED) |
                               BIT(MESSAGE_HELD)},
    [MESSAGE_SUPPRESSED] = {"suppressed", "Kural gereği gönderilmedi.", "Not sent, by rule.",
                            BIT(MESSAGE_QUEUED)},
};

const char *message_state_name(enum message_state s)
{
    return s < MESSAGE_STATE_COUNT ? states[s].name : "?";
}

const char *message_state_sentence(enum message_state s, bool turkish)
{
    if (s >= MESSAGE_STATE_COUNT) {
        return "?";
    }
    return turkish ? states[s].tr : states[s].en;
}

enum message_state message_state_parse(struct str s)
{
    enum message_state state = MESSAGE_PLANNED;

    while (state < MESSAGE_STATE_COUNT && !str_eqs(s, states[state].name)) {
        state++;
    }
    return state;
}

bool message_may_move(enum message_state from, enum message_state to)
{
    return from < MESSAGE_STATE_COUNT && to < MESSAGE_STATE_COUNT &&
           (states[from].next & BIT(to)) != 0;
}

bool message_is_final(enum message_state s)
{
    const unsigned finals = BIT(MESSAGE_DELIVERED) | BIT(MESSAGE_UNDELIVERED) |
                            BIT(MESSAGE_FAILED) | BIT(MESSAGE_EXPIRED) | BIT(MESSAGE_CANCELLED) |
                            BIT(MESSAGE_SUPPRESSED);

    return s < MESSAGE_STATE_COUNT && (finals & BIT(s)) != 0;
}

bool message_may_revive(enum message_state s, int attempts, struct str reason)
{
    static const char *const passing[] = {
        "plan_changed", "import_undone",     "deadline",        "expired",  "end_changed",
        "case_ended",   "newer_certificate", "renewed",         "revoked",  "suspended",
        "duty_ended",   "applied",           "letter_received", "approved", "delivered",
    };

    if (attempts != 0 || (s != MESSAGE_CANCELLED && s != MESSAGE_EXPIRED)) {
        return false;
    }
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        if (str_eqs(reason, passing[i])) {
            return true;
        }
    }
    return false;
}
