/* What a fact tells about the end of its certificate. Inner header of certificate*.c. */
#pragma once

#include "domain/certificate.h"

/* The end is CASE_FRESH_DAYS or more after time_ms. */
bool case_end_is_fresh(int64_t end_ms, int64_t time_ms);
/* f is a certificate.expiring, or a certificate.renewed with an end; both of this certificate. */
void case_take_end(struct case_file *c, const struct fact *f);
