#include "domain/event.h"

enum { NEEDS_CERTIFICATE = 1, PERSONAL = 2 };

static const struct {
    const char *name;
    unsigned traits;
    const char *tr;
    const char *en;
} types[EVENT_TYPE_COUNT] = {
    [EVENT_CERTIFICATE_EXPIRING] = {"certificate.expiring", NEEDS_CERTIFICATE,
                                    "Sertifikanın bitiş tarihi bildirildi.",
                                    "The certificate's end was told."},
    [EVENT_CERTIFICATE_RENEWED] = {"certificate.renewed", NEEDS_CERTIFICATE, "Sertifika yenilendi.",
                                   "The certificate was renewed."},
    [EVENT_CERTIFICATE_REVOKED] = {"certificate.revoked", NEEDS_CERTIFICATE,
                                   "Sertifika iptal edildi.", "The certificate was revoked."},
    [EVENT_CERTIFICATE_SUSPENDED] = {"certificate.suspended", NEEDS_CERTIFICATE,
                                     "Sertifika askıya alındı.", "The certificate was suspended."},
    [EVENT_EONAY_ACTIVATED] = {"eonay.activated", PERSONAL, "e-Onay etkinleştirildi.",
                               "e-Onay was activated."},
    [EVENT_LOGIN_BLOCKED] = {"login.blocked", PERSONAL, "Başvuru ekranına giriş engellendi.",
                             "The portal refuses the login."},
    [EVENT_LOGIN_UNBLOCKED] = {"login.unblocked", PERSONAL, "Giriş engeli kaldırıldı.",
                               "The portal accepts the login again."},
    [EVENT_APPLICATION_SUBMITTED] = {"application.submitted", 0, "Yenileme başvurusu yapıldı.",
                                     "The application was submitted."},
    [EVENT_LETTER_RECEIVED] = {"letter.received", 0, "Kurumun DYS yazısı geldi.",
                               "The institution's letter came."},
    [EVENT_APPROVAL_GIVEN] = {"approval.given", 0, "Başvuru onaylandı.",
                              "The application was approved."},
    [EVENT_CARD_DELIVERED] = {"card.delivered", 0, "Yeni kart teslim edildi.",
                              "The new card was delivered."},
    [EVENT_DUTY_ENDED] = {"duty.ended", PERSONAL, "Görev sona erdi.", "The duty has ended."},
};

const char *event_name(enum event_type t)
{
    return t < EVENT_TYPE_COUNT ? types[t].name : "?";
}

const char *event_sentence(enum event_type t, bool turkish)
{
    if (t >= EVENT_TYPE_COUNT) {
        return "?";
    }
    return turkish ? types[t].tr : types[t].en;
}

bool event_needs_certificate(enum event_type t)
{
    return t < EVENT_TYPE_COUNT && (types[t].traits & NEEDS_CERTIFICATE) != 0;
}

bool event_is_personal(enum event_type t)
{
    return t < EVENT_TYPE_COUNT && (types[t].traits & PERSONAL) != 0;
}

static struct str bare_name(struct str s)
{
    static const char prefix[] = "tr.eimza.";
    static const char suffix[] = ".v1";

    if (str_starts(s, prefix)) {
        s = (struct str){s.ptr + sizeof prefix - 1, s.len - (sizeof prefix - 1)};
    }
    if (s.len >= sizeof suffix - 1 &&
        memcmp(s.ptr + s.len - (sizeof suffix - 1), suffix, sizeof suffix - 1) == 0) {
        s.len -= sizeof suffix - 1;
    }
    return s;
}

enum event_type event_parse(struct str s)
{
    struct str name = bare_name(s);
    enum event_type t = EVENT_CERTIFICATE_EXPIRING;

    while (t < EVENT_TYPE_COUNT && !str_eqs(name, types[t].name)) {
        t++;
    }
    return t;
}

const char *event_suggest(struct str s)
{
    const char *names[EVENT_TYPE_COUNT];

    for (size_t i = 0; i < EVENT_TYPE_COUNT; i++) {
        names[i] = types[i].name;
    }
    return str_nearest(bare_name(s), names, EVENT_TYPE_COUNT);
}
