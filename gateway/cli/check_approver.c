/* The one who releases campaigns: their own certificate should not end unnoticed. */
#include "base/clock.h"
#include "cli/check.h"
#include "domain/calendar.h"
#include "flow/campaign_view.h"

#include <unistd.h>

enum { AHEAD_DAYS = 92 };

static bool releases_wanted(const struct conf *conf)
{
    for (size_t i = 0; i < conf->campaign_count; i++) {
        if (conf->campaigns[i].release != CONF_RELEASE_NONE) {
            return true;
        }
    }
    return false;
}

static void warn(struct faults *faults, int64_t end_ms)
{
    char date[16];

    istanbul_date(istanbul_day(end_ms), date);
    fault_warning(faults, faults_add(faults, "/office/approver", "CFG-320",
                                     "onay verenin kendi sertifikası %s günü bitiyor; yenilenmezse "
                                     "sonraki gönderimler onaylanamaz",
                                     "the releaser's own certificate ends on %s; unless it is "
                                     "renewed, nobody can release what comes after",
                                     date));
}

int check_approver(const struct conf *conf, struct faults *faults)
{
    const struct conf_approver *a = &conf->office.approver;
    const int64_t now = clock_wall_ms(clock_system());
    const int64_t until = now + AHEAD_DAYS * (int64_t)DAY_MS;
    struct store *store;
    struct err e = {0};
    int64_t end = 0;

    if ((a->holder_ref == NULL && a->email == NULL) || !releases_wanted(conf) ||
        access(conf->database, R_OK) != 0 ||
        store_sqlite_open(conf->database, STORE_READ_ONLY, &store, &e) != 0) {
        return 0; /* what is wrong with the database others say */
    }
    if (approver_end(store, a, now, until, &end, &e) == 0 && end != 0 && end < until) {
        warn(faults, end);
    }
    store_close(store);
    return 0;
}
