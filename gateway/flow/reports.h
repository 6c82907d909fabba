/*
 * Delivery reports move messages forward: accepted to delivered or undelivered, also before the
 * send answer was stored, twice, late or out of order. `delivered` beats everything else.
 */
#pragma once

#include "flow/gateway.h"
#include "providers/provider.h"

/* Stores and applies reports of a provider (index of the lane); copies the list. Loop thread. */
void reports_take(struct gateway *g, size_t provider_index, const struct provider_report *list,
                  size_t count);
/* The same; done is called once with 0 when they are on stable storage, also from inside. */
void reports_take_then(struct gateway *g, size_t provider_index, const struct provider_report *list,
                       size_t count, void (*done)(void *ctx, int status), void *ctx);
/* The provider's answer with this id has been stored: reports that came before it are applied. */
void reports_replay(struct gateway *g, size_t provider_index, const char *provider_ref);
/*
 * A push to /reports/<provider>/<secret>: finds the provider, compares the secret in constant time
 * and lets it read the body. ERR_NOT_FOUND for a wrong name or secret, ERR_INVALID for a body that
 * makes no sense, ERR_DENIED without the signature it must carry, ERR_UNSUPPORTED when this
 * provider's reports are not pushed. After 0, done is called once on the loop thread, also from
 * inside this call: with status 0 when what was told is on stable storage, else nothing may be
 * confirmed.
 */
int reports_hook(struct gateway *g, struct str provider, struct str secret,
                 const struct provider_hook *hook, void (*done)(void *ctx, int status), void *ctx,
                 struct err *e);

enum { REPORT_SECRET_SIZE = 14 };

/* The last part of a provider's report address: 13 characters that only this installation makes. */
void reports_secret(const struct gateway *g, const char *provider, char out[REPORT_SECRET_SIZE]);
