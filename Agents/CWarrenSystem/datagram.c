#include "CWarrenSystem.h"
#include "datagram.h"
#include "family.h"
#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <unistd.h>

enum { buffer_bytes = 4 << 20 };

static int datagram_socket(int family, uint16_t port, int shared) {
    int descriptor = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -1;
    int on = 1, size = buffer_bytes, failure;
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    if (shared && setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0) {
        failure = 1;
    } else if (family == AF_INET6) {
        struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_ANY_INIT};
        failure = setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0
            || setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) < 0
            || bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0;
    } else {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = INADDR_ANY}};
        failure = setsockopt(descriptor, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) < 0
            || bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0;
    }
    if (failure) {
        int reason = errno;
        close(descriptor);
        errno = reason;
        return -1;
    }
    return descriptor;
}

int warren_datagram_socket(int family, uint16_t port) { return datagram_socket(family, port, 0); }

int warren_shared_datagram_socket(int family, uint16_t port) {
    int descriptor = datagram_socket(family, port, 1);
    if (descriptor >= 0 && warren_steer_by_spi(descriptor, 0, 1) != 0) {
        int reason = errno;
        close(descriptor);
        errno = reason;
        return -1;
    }
    return descriptor;
}

int warren_steer_by_spi(int descriptor, uint32_t mask, uint32_t count) {
    /* Offsets are from the UDP payload on. A payload that is too short ends the program with 0. */
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, count, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    struct sock_fprog filter = {.len = sizeof program / sizeof program[0], .filter = program};
    return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter, sizeof filter);
}

int warren_sending_socket(int family) {
    int descriptor = datagram_socket(family, 0, 0);
    if (descriptor < 0) return -1;
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog filter = {.len = 1, .filter = &nothing};
    if (setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0) {
        int reason = errno;
        close(descriptor);
        errno = reason;
        return -1;
    }
    return descriptor;
}

ssize_t warren_datagram_receive(
    int socket, void *bytes, size_t capacity, struct warren_address *source, struct warren_address *destination) {
    struct iovec vector = {.iov_base = bytes, .iov_len = capacity};
    struct sockaddr_storage from;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + 64];
    } control;
    struct msghdr message = {
        .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &vector, .msg_iovlen = 1,
        .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t length = recvmsg(socket, &message, 0);
    if (length < 0) return -1;
    if (message.msg_flags & MSG_TRUNC) {
        errno = EMSGSIZE;
        return -1;
    }
    memset(source, 0, sizeof *source);
    memset(destination, 0, sizeof *destination);
    source->family = from.ss_family;
    const struct warren_family *family = from.ss_family == AF_INET6 ? &warren_ipv6 : &warren_ipv4;
    source->port = warren_name_read(&from, family, source->bytes);
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != family->level || header->cmsg_type != family->packet_info) continue;
        destination->family = family->number;
        memcpy(destination->bytes, CMSG_DATA(header) + family->info_destination, family->address_size);
    }
    return length;
}

ssize_t warren_datagram_send(
    int socket, const void *bytes, size_t length, const struct warren_address *source, const struct warren_address *destination) {
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = length};
    struct sockaddr_storage to;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    } control;
    struct msghdr message = {.msg_name = &to, .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes};
    const struct warren_family *family = destination->family == AF_INET6 ? &warren_ipv6 : &warren_ipv4;
    message.msg_namelen = warren_name_write(&to, family, destination->bytes, destination->port);
    warren_source_write(&message, family, source->bytes);
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int warren_is_own_address(const struct warren_address *address) {
    const struct warren_family *family = address->family == AF_INET6 ? &warren_ipv6 : &warren_ipv4;
    int descriptor = socket(address->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    struct sockaddr_storage name;
    socklen_t length = warren_name_write(&name, family, address->bytes, 0);
    int failure = bind(descriptor, (struct sockaddr *)&name, length) == 0 ? 0 : errno;
    if (failure == 0) {
        /* Where ip_nonlocal_bind is set, any address can be bound to, and none but an own one be sent from. */
        length = warren_name_write(&name, family, address->bytes, 9);
        if (connect(descriptor, (struct sockaddr *)&name, length) != 0) failure = EADDRNOTAVAIL;
    }
    close(descriptor);
    return failure == 0 ? 1 : failure == EADDRNOTAVAIL ? 0 : -1;
}
