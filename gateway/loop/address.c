#include "loop/address.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* A block of addresses; bytes beyond the prefix are zero. */
struct block {
    unsigned char prefix[16];
    unsigned bits;
    enum address_class class;
};

static const struct block blocks4[] = {
    {{0}, 8, ADDRESS_FORBIDDEN},
    {{10}, 8, ADDRESS_PRIVATE},
    {{100, 64}, 10, ADDRESS_PRIVATE},
    {{127}, 8, ADDRESS_LOOPBACK},
    {{169, 254}, 16, ADDRESS_FORBIDDEN},
    {{172, 16}, 12, ADDRESS_PRIVATE},
    {{192, 0, 0}, 24, ADDRESS_FORBIDDEN},
    {{192, 0, 2}, 24, ADDRESS_FORBIDDEN},
    {{192, 88, 99}, 24, ADDRESS_FORBIDDEN},
    {{192, 168}, 16, ADDRESS_PRIVATE},
    {{198, 18}, 15, ADDRESS_FORBIDDEN},
    {{198, 51, 100}, 24, ADDRESS_FORBIDDEN},
    {{203, 0, 113}, 24, ADDRESS_FORBIDDEN},
    {{224}, 3, ADDRESS_FORBIDDEN}, /* multicast and reserved */
};

/* Global unicast is 2000::/3; what is not named here and not inside it is forbidden. */
static const struct block blocks6[] = {
    {{0x20, 0x01, 0x00}, 23, ADDRESS_FORBIDDEN}, /* Teredo, ORCHID, benchmarks */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, ADDRESS_FORBIDDEN},
    {{0x20, 0x02}, 16, ADDRESS_FORBIDDEN}, /* 6to4 carries an IPv4 address */
    {{0x20}, 3, ADDRESS_PUBLIC},
    {{0xfc}, 7, ADDRESS_PRIVATE},
};

static bool in_block(const unsigned char *address, const struct block *b)
{
    size_t whole = b->bits / 8;
    unsigned rest = b->bits % 8;
    unsigned mask = rest == 0 ? 0 : 0xFFu << (8 - rest) & 0xFFu;

    return memcmp(address, b->prefix, whole) == 0 &&
           (address[whole < 16 ? whole : 15] & mask) == (b->prefix[whole < 16 ? whole : 15] & mask);
}

static enum address_class find(const unsigned char *address, const struct block *blocks, size_t n,
                               enum address_class otherwise)
{
    for (size_t i = 0; i < n; i++) {
        if (in_block(address, &blocks[i])) {
            return blocks[i].class;
        }
    }
    return otherwise;
}

static enum address_class classify4(const unsigned char *address)
{
    return find(address, blocks4, sizeof(blocks4) / sizeof(*blocks4), ADDRESS_PUBLIC);
}

static enum address_class classify6(const unsigned char *address)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const unsigned char loopback[16] = {[15] = 1};

    if (memcmp(address, loopback, sizeof(loopback)) == 0) {
        return ADDRESS_LOOPBACK;
    }
    if (memcmp(address, mapped, sizeof(mapped)) == 0) {
        return classify4(address + sizeof(mapped));
    }
    return find(address, blocks6, sizeof(blocks6) / sizeof(*blocks6), ADDRESS_FORBIDDEN);
}

enum address_class address_classify(const struct sockaddr *sa, socklen_t len)
{
    if (sa->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in in;

        memcpy(&in, sa, sizeof(in));
        return classify4((const unsigned char *)&in.sin_addr);
    }
    if (sa->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 in6;

        memcpy(&in6, sa, sizeof(in6));
        return classify6((const unsigned char *)&in6.sin6_addr);
    }
    return ADDRESS_FORBIDDEN;
}

bool address_of_literal(const char *host, enum address_class *ret_class)
{
    struct str s = str_of(host);
    unsigned char bytes[16];
    char plain[64];

    if (s.len >= 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']') {
        s = (struct str){s.ptr + 1, s.len - 2};
    }
    if (str_copy(plain, sizeof(plain), s) != 0) {
        return false;
    }
    if (inet_pton(AF_INET, plain, bytes) == 1) {
        *ret_class = classify4(bytes);
        return true;
    }
    if (inet_pton(AF_INET6, plain, bytes) == 1) {
        *ret_class = classify6(bytes);
        return true;
    }
    return false;
}

bool address_is_loopback_host(const char *host)
{
    enum address_class class;

    return str_ieq(str_of(host), STR("localhost")) ||
           (address_of_literal(host, &class) && class == ADDRESS_LOOPBACK);
}
