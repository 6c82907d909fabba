/* What a fact tells about the end of its certificate. Inner header of certificate*.c. */
#pragma once

#include "domain/certificate.h"

/* f is a certificate.expiring, or a certificate.renewed with an end; both of this certificate. */
void case_take_end(struct case_file *c, const struct fact *f);
