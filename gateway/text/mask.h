/*
 * Personal data as it may appear in logs and error texts. Each function appends to out and returns
 * 0 or the buffer's failure. Pure, any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

/* "I*** Ç*****". */
int mask_name(struct str s, struct buf *out);
/* "+90 5** *** ** 01" for a Turkish mobile number, else at most the last two digits. */
int mask_phone(struct str s, struct buf *out);
/* "a***@ornek.example". */
int mask_email(struct str s, struct buf *out);
/* "12*******50", or eleven asterisks for anything that is not eleven digits. */
int mask_tckn(struct str s, struct buf *out);
/* Free text with every identity number, mobile number and mail address in it masked. */
int mask_text(struct str s, struct buf *out);
