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

int provider_first_error(const struct faults *faults, struct err *e)
{
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *f = &faults->list[i];

        if (f->severity == FAULT_ERROR && f->file[0] != '\0') {
            return err_set(e, ERR_INVALID, "%s:%d:%d: %s", f->file, f->line, f->column, f->en);
        }
        if (f->severity == FAULT_ERROR) {
            return err_set(e, ERR_INVALID, "%s: %s", f->pointer + 1, f->en);
        }
    }
    return 0;
}

int provider_refuse(void (*check)(const void *settings, const char *pointer, struct faults *faults),
                    const void *settings, struct err *e)
{
    struct faults faults;
    int rc;

    faults_init(&faults);
    check(settings, "", &faults);
    rc = provider_first_error(&faults, e);
    faults_finish(&faults);
    return rc;
}
