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
