#pragma once
/* What IPv4 and IPv6 call the same things, so that one function serves both: given one of the two constants, the compiler
 * makes of it what would have been written for that family alone. Private to this folder. */
#include <assert.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct warren_family {
    int number;
    /* Of control messages. */
    int level, packet_info, traffic_class;
    size_t address_size;
    /* The socket address, and where its IP address is. */
    size_t name_size, name_address;
    /* The packet information: where a datagram to be sent has its source, and a received one its destination. */
    size_t info_size, info_source, info_destination;
};

static const struct warren_family warren_ipv4 = {
    .number = AF_INET, .level = IPPROTO_IP, .packet_info = IP_PKTINFO, .traffic_class = IP_TOS, .address_size = 4,
    .name_size = sizeof(struct sockaddr_in), .name_address = offsetof(struct sockaddr_in, sin_addr),
    .info_size = sizeof(struct in_pktinfo), .info_source = offsetof(struct in_pktinfo, ipi_spec_dst),
    .info_destination = offsetof(struct in_pktinfo, ipi_addr)};

static const struct warren_family warren_ipv6 = {
    .number = AF_INET6, .level = IPPROTO_IPV6, .packet_info = IPV6_PKTINFO, .traffic_class = IPV6_TCLASS, .address_size = 16,
    .name_size = sizeof(struct sockaddr_in6), .name_address = offsetof(struct sockaddr_in6, sin6_addr),
    .info_size = sizeof(struct in6_pktinfo), .info_source = offsetof(struct in6_pktinfo, ipi6_addr),
    .info_destination = offsetof(struct in6_pktinfo, ipi6_addr)};

static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port), "one place for ports");

#define WARREN_FOR_EACH_FAMILY static inline __attribute__((always_inline))

/* Writes a socket address; `port` is in host order. Returns its length. */
WARREN_FOR_EACH_FAMILY socklen_t warren_name_write(
    void *name, const struct warren_family *family, const uint8_t *address, uint16_t port) {
    uint16_t number = (uint16_t)family->number, network = htons(port);
    memset(name, 0, family->name_size);
    memcpy((uint8_t *)name + offsetof(struct sockaddr_in, sin_family), &number, sizeof number);
    memcpy((uint8_t *)name + offsetof(struct sockaddr_in, sin_port), &network, sizeof network);
    memcpy((uint8_t *)name + family->name_address, address, family->address_size);
    return (socklen_t)family->name_size;
}

/* Reads a socket address; returns its port in host order. */
WARREN_FOR_EACH_FAMILY uint16_t warren_name_read(const void *name, const struct warren_family *family, uint8_t *address) {
    uint16_t network;
    memcpy(&network, (const uint8_t *)name + offsetof(struct sockaddr_in, sin_port), sizeof network);
    memcpy(address, (const uint8_t *)name + family->name_address, family->address_size);
    return ntohs(network);
}

/* The room for one more control message of `size` bytes, which the message has from now on; all zero but its header. */
static inline uint8_t *warren_control_add(struct msghdr *message, int level, int type, size_t size) {
    struct cmsghdr *control = (struct cmsghdr *)((uint8_t *)message->msg_control + message->msg_controllen);
    memset(control, 0, CMSG_SPACE(size));
    control->cmsg_level = level;
    control->cmsg_type = type;
    control->cmsg_len = CMSG_LEN(size);
    message->msg_controllen += CMSG_SPACE(size);
    return CMSG_DATA(control);
}

/* The address that a datagram is to be sent from. */
WARREN_FOR_EACH_FAMILY void warren_source_write(
    struct msghdr *message, const struct warren_family *family, const uint8_t *address) {
    uint8_t *info = warren_control_add(message, family->level, family->packet_info, family->info_size);
    memcpy(info + family->info_source, address, family->address_size);
}
