/*
 * Where an outgoing connection may go, judged on the resolved address: names can be made to resolve
 * to anything (DNS rebinding), addresses cannot lie.
 */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

enum address_class {
    ADDRESS_PUBLIC,
    ADDRESS_PRIVATE,  /* RFC 1918, RFC 4193 (fc00::/7), RFC 6598 (carrier NAT) */
    ADDRESS_LOOPBACK, /* 127/8, ::1 */
    ADDRESS_FORBIDDEN /* link-local, multicast, unspecified, NAT64 and tunnels, reserved, not IP */
};

/* Class by the IANA special-purpose registries (RFC 6890). IPv4-mapped IPv6 counts as IPv4. */
enum address_class address_classify(const struct sockaddr *sa, socklen_t len);
/* The class of an IP literal such as "127.0.0.1", "::1" or "[::1]"; false when host is a name. */
bool address_of_literal(const char *host, enum address_class *ret_class);
/* "localhost" or a loopback literal. */
bool address_is_loopback_host(const char *host);
