/*
 * Tells the service manager how we are (sd_notify(3)): one datagram to $NOTIFY_SOCKET, no library.
 * Without that variable nothing happens.
 */
#pragma once

#include <stdint.h>

/* state is "READY=1", "STOPPING=1", "STATUS=…", "WATCHDOG=1" or several lines of these. */
void notify_send(const char *state);
/* Half the watchdog interval in ms ($WATCHDOG_USEC), 0 when no watchdog is wanted. */
int64_t notify_watchdog_ms(void);
