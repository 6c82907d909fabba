#include "providers/http_sms.h"
#include "providers/provider.h"
#include "providers/sink.h"
#include "providers/smpp/smpp.h"
#include "providers/smtp/smtp.h"
#include "providers/smtp_curl/smtp_curl.h"

const struct provider_type *const provider_types[] = {
    &sink_provider_type,      &http_sms_provider_type, &smtp_provider_type,
    &smtp_curl_provider_type, &smpp_provider_type,     NULL,
};

const struct provider_type *provider_type_find(struct str kind)
{
    for (size_t i = 0; provider_types[i] != NULL; i++) {
        if (str_eqs(kind, provider_types[i]->kind)) {
            return provider_types[i];
        }
    }
    return NULL;
}

int provider_refuse(void (*check)(const void *settings, const char *pointer, struct faults *faults),
                    const void *settings, struct err *e)
{
    struct faults faults;
    int rc = 0;

    faults_init(&faults);
    check(settings, "", &faults);
    for (size_t i = 0; i < faults.count && rc == 0; i++) {
        if (faults.list[i].severity == FAULT_ERROR) {
            rc = err_set(e, ERR_INVALID, "%s: %s", faults.list[i].pointer + 1, faults.list[i].en);
        }
    }
    faults_finish(&faults);
    return rc;
}
