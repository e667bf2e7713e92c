#include "CWarrenSystem.h"
#include "datagram.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { buffer_bytes = 4 << 20 };

int warren_datagram_socket(int family, uint16_t port) {
    int descriptor = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -1;
    int on = 1, size = buffer_bytes, failure;
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    if (family == AF_INET6) {
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
    if (from.ss_family == AF_INET6) {
        const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)&from;
        memcpy(source->bytes, &address->sin6_addr, 16);
        source->port = ntohs(address->sin6_port);
    } else {
        const struct sockaddr_in *address = (const struct sockaddr_in *)&from;
        memcpy(source->bytes, &address->sin_addr, 4);
        source->port = ntohs(address->sin_port);
    }
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
            destination->family = AF_INET;
            memcpy(destination->bytes, CMSG_DATA(header) + offsetof(struct in_pktinfo, ipi_addr), 4);
        } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
            destination->family = AF_INET6;
            memcpy(destination->bytes, CMSG_DATA(header) + offsetof(struct in6_pktinfo, ipi6_addr), 16);
        }
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
    memset(&to, 0, sizeof to);
    memset(&control, 0, sizeof control);
    if (destination->family == AF_INET6) {
        struct sockaddr_in6 *address = (struct sockaddr_in6 *)&to;
        address->sin6_family = AF_INET6;
        address->sin6_port = htons(destination->port);
        memcpy(&address->sin6_addr, destination->bytes, 16);
        message.msg_namelen = sizeof *address;
        message.msg_controllen = CMSG_SPACE(sizeof(struct in6_pktinfo));
        struct in6_pktinfo info = {.ipi6_ifindex = 0};
        memcpy(&info.ipi6_addr, source->bytes, 16);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){.cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
        memcpy(CMSG_DATA(header), &info, sizeof info);
    } else {
        struct sockaddr_in *address = (struct sockaddr_in *)&to;
        address->sin_family = AF_INET;
        address->sin_port = htons(destination->port);
        memcpy(&address->sin_addr, destination->bytes, 4);
        message.msg_namelen = sizeof *address;
        message.msg_controllen = CMSG_SPACE(sizeof(struct in_pktinfo));
        struct in_pktinfo info = {.ipi_ifindex = 0};
        memcpy(&info.ipi_spec_dst, source->bytes, 4);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
        memcpy(CMSG_DATA(header), &info, sizeof info);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}
