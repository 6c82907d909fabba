/* What states, series and notices are called, and what they say to people. */
#include "domain/certificate.h"

static const struct {
    const char *name;
    const char *tr;
    const char *en;
} states[CASE_STATE_COUNT] = {
    [CASE_WATCHING] = {"watching", "İzleniyor.", "Watched."},
    [CASE_BLOCKED] = {"blocked", "Başvuru ekranına giriş engelli.", "The login is blocked."},
    [CASE_APPLIED] = {"applied", "Başvuru yapıldı; kurum yazısı bekleniyor.",
                      "Applied; the institution's letter is awaited."},
    [CASE_LETTER] = {"letter", "Kurum yazısı geldi; onay bekleniyor.",
                     "The letter came; approval is awaited."},
    [CASE_APPROVED] = {"approved", "Onaylandı; üretimde ya da kargoda.",
                       "Approved; in production or on its way."},
    [CASE_DELIVERED] = {"delivered", "Yeni kart teslim edildi.", "The new card was delivered."},
    [CASE_RENEWED] = {"renewed", "Yenilendi.", "Renewed."},
    [CASE_REVOKED] = {"revoked", "İptal edildi.", "Revoked."},
    [CASE_SUSPENDED] = {"suspended", "Askıya alındı.", "Suspended."},
    [CASE_DUTY_ENDED] = {"duty-ended", "Görevi sona erdi.", "The duty has ended."},
    [CASE_EXPIRED] = {"expired", "Süresi doldu, başvuru yapılmadı.",
                      "Expired without an application."},
};

const char *case_state_name(enum case_state s)
{
    return s < CASE_STATE_COUNT ? states[s].name : "?";
}

const char *case_state_sentence(enum case_state s, bool turkish)
{
    if (s >= CASE_STATE_COUNT) {
        return "?";
    }
    return turkish ? states[s].tr : states[s].en;
}

enum case_state case_state_parse(struct str s)
{
    enum case_state state = CASE_WATCHING;

    while (state < CASE_STATE_COUNT && !str_eqs(s, states[state].name)) {
        state++;
    }
    return state;
}

enum case_series case_series_of(enum eonay e)
{
    if (e == EONAY_ACTIVE) {
        return SERIES_A;
    }
    return e == EONAY_ABSENT ? SERIES_E : SERIES_N;
}

const char *case_series_name(enum case_series s)
{
    static const char *const names[] = {"A", "E", "N"};

    return names[s];
}

const char *case_notice_name(enum case_notice n)
{
    static const char *const names[] = {"", "B", "S", "T", "X"};

    return names[n];
}
