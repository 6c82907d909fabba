/* SMS text modes; the encoder and the measures follow in this header. */
#pragma once

enum sms_mode {
    SMS_GSM7,       /* default alphabet with its extension table */
    SMS_TR_SINGLE,  /* Turkish single shift */
    SMS_TR_LOCKING, /* Turkish locking shift */
    SMS_TR_BOTH,    /* both shifts */
    SMS_UCS2,
    SMS_MODE_COUNT
};
