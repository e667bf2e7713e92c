#include "packet_io.h"
#include "family.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/if_tun.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

enum { CONTROL_SIZE = 160 };

union control {
    struct cmsghdr align;
    uint8_t bytes[CONTROL_SIZE];
};

/* What recvmmsg(2) and sendmmsg(2) want of each slot. */
struct batch {
    uint32_t count;
    struct mmsghdr *messages;
    struct iovec *vectors;
    struct sockaddr_storage *names;
    union control *controls;
};

struct warren_receive_batch {
    struct batch slots;
};

struct warren_send_batch {
    struct batch slots;
};

static void batch_free(struct batch *batch) {
    if (batch == NULL) return;
    free(batch->messages);
    free(batch->vectors);
    free(batch->names);
    free(batch->controls);
    free(batch);
}

static struct batch *batch_new(uint32_t count) {
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) return NULL;
    batch->count = count;
    batch->messages = calloc(count, sizeof *batch->messages);
    batch->vectors = calloc(count, sizeof *batch->vectors);
    batch->names = calloc(count, sizeof *batch->names);
    batch->controls = calloc(count, sizeof *batch->controls);
    if (batch->messages && batch->vectors && batch->names && batch->controls) return batch;
    batch_free(batch);
    return NULL;
}

void warren_receive_batch_free(struct warren_receive_batch *batch) { batch_free((struct batch *)batch); }

struct warren_receive_batch *warren_receive_batch_new(uint32_t count, void *slab, size_t size) {
    struct batch *batch = batch_new(count);
    for (uint32_t i = 0; batch != NULL && i < count; i++) {
        batch->vectors[i] = (struct iovec){.iov_base = (uint8_t *)slab + i * size, .iov_len = size};
    }
    return (struct warren_receive_batch *)batch;
}

int warren_receive_batch_fill(struct warren_receive_batch *receive, int descriptor) {
    struct batch *batch = &receive->slots;
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &batch->names[i],
            .msg_namelen = sizeof batch->names[i],
            .msg_iov = &batch->vectors[i],
            .msg_iovlen = 1,
            .msg_control = &batch->controls[i],
            .msg_controllen = sizeof batch->controls[i],
        };
    }
    return recvmmsg(descriptor, batch->messages, batch->count, MSG_DONTWAIT, NULL);
}

/* A traffic class is a byte of IPv4's TOS, and a number of IPv6's. */
static uint8_t traffic_class_read(struct cmsghdr *control) {
    int value = 0;
    if (control->cmsg_len == CMSG_LEN(1)) return *CMSG_DATA(control);
    memcpy(&value, CMSG_DATA(control), sizeof value);
    return (uint8_t)value;
}

WARREN_FOR_EACH_FAMILY int origin_read(
    struct msghdr *message, const struct warren_family *family, struct warren_origin *origin) {
    int has_local = 0;
    if (message->msg_namelen < family->name_size) return -1;
    origin->remote_port = warren_name_read(message->msg_name, family, origin->remote);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == family->level && c->cmsg_type == family->packet_info) {
            memcpy(origin->local, CMSG_DATA(c) + family->info_destination, family->address_size);
            has_local = 1;
        } else if (c->cmsg_level == family->level && c->cmsg_type == family->traffic_class) {
            origin->traffic_class = traffic_class_read(c);
        } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int value;
            memcpy(&value, CMSG_DATA(c), sizeof value);
            if (value > 0) origin->segment = (uint32_t)value;
        }
    }
    return has_local ? 0 : -1;
}

int warren_receive_batch_origin(const struct warren_receive_batch *receive, uint32_t index, struct warren_origin *origin) {
    struct msghdr *message = &receive->slots.messages[index].msg_hdr;
    memset(origin, 0, sizeof *origin);
    origin->length = receive->slots.messages[index].msg_len;
    origin->truncated = (message->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
    origin->family = receive->slots.names[index].ss_family;
    if (origin->family == AF_INET) return origin_read(message, &warren_ipv4, origin);
    if (origin->family == AF_INET6) return origin_read(message, &warren_ipv6, origin);
    return -1;
}

void warren_send_batch_free(struct warren_send_batch *batch) { batch_free((struct batch *)batch); }

struct warren_send_batch *warren_send_batch_new(uint32_t count) { return (struct warren_send_batch *)batch_new(count); }

/* The buffer of a message has room for every kind of control message that is sent. */
WARREN_FOR_EACH_FAMILY void address(
    struct msghdr *message, const struct warren_family *family, const struct warren_route *route, uint8_t traffic_class) {
    static const uint8_t unspecified[16];
    int value = traffic_class;
    message->msg_namelen = warren_name_write(message->msg_name, family, route->remote, route->remote_port);
    if (memcmp(route->local, unspecified, family->address_size) != 0) warren_source_write(message, family, route->local);
    if (traffic_class == 0) return;
    memcpy(warren_control_add(message, family->level, family->traffic_class, sizeof value), &value, sizeof value);
}

static void fill(
    struct msghdr *message, struct sockaddr_storage *name, union control *control, const struct warren_route *route,
    uint8_t traffic_class, uint16_t segment) {
    message->msg_name = name;
    message->msg_control = control;
    message->msg_controllen = 0;
    if (route->family == AF_INET) {
        address(message, &warren_ipv4, route, traffic_class);
    } else {
        address(message, &warren_ipv6, route, traffic_class);
    }
    if (segment != 0) memcpy(warren_control_add(message, IPPROTO_UDP, UDP_SEGMENT, sizeof segment), &segment, sizeof segment);
    if (message->msg_controllen == 0) message->msg_control = NULL;
}

void warren_send_batch_prepare(
    struct warren_send_batch *send, uint32_t index, const struct warren_route *route, uint8_t traffic_class, void *bytes,
    size_t length, uint16_t segment) {
    struct batch *batch = &send->slots;
    if (index >= batch->count) return;
    struct msghdr *header = &batch->messages[index].msg_hdr;
    batch->vectors[index] = (struct iovec){.iov_base = bytes, .iov_len = length};
    *header = (struct msghdr){.msg_iov = &batch->vectors[index], .msg_iovlen = 1};
    fill(header, &batch->names[index], &batch->controls[index], route, traffic_class, segment);
}

int warren_send_batch_send(struct warren_send_batch *send, int descriptor, uint32_t first, uint32_t end) {
    struct batch *batch = &send->slots;
    if (first >= end || end > batch->count) return 0;
    return sendmmsg(descriptor, batch->messages + first, end - first, MSG_DONTWAIT);
}

long warren_route_send(int descriptor, const void *bytes, size_t length, const struct warren_route *route) {
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = length};
    struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1};
    struct sockaddr_storage name;
    union control control;
    fill(&header, &name, &control, route, 0, 0);
    long sent = sendmsg(descriptor, &header, MSG_DONTWAIT);
    /* What failed may be an earlier datagram, of which the network told: that is said once. */
    return sent >= 0 || errno == EAGAIN ? sent : sendmsg(descriptor, &header, MSG_DONTWAIT);
}

WARREN_FOR_EACH_FAMILY void path_error_read(
    struct msghdr *message, const struct warren_family *family, int type, struct warren_path_error *error) {
    warren_name_read(message->msg_name, family, error->remote);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != family->level || c->cmsg_type != type) continue;
        struct sock_extended_err told;
        memcpy(&told, CMSG_DATA(c), sizeof told);
        error->is_local = told.ee_origin == SO_EE_ORIGIN_LOCAL;
        if (told.ee_errno == EMSGSIZE) error->mtu = told.ee_info;
    }
}

int warren_path_error_take(int descriptor, struct warren_path_error *error) {
    struct sockaddr_storage name;
    union {
        struct cmsghdr align;
        uint8_t bytes[512];
    } control;
    memset(error, 0, sizeof *error);
    struct iovec vector = {.iov_base = error->quoted, .iov_len = sizeof error->quoted};
    struct msghdr message = {
        .msg_name = &name, .msg_namelen = sizeof name, .msg_iov = &vector, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof control};
    memset(&name, 0, sizeof name);
    long count = recvmsg(descriptor, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (count < 0) return 0;
    error->quoted_length = (uint32_t)count;
    error->family = name.ss_family;
    if (name.ss_family == AF_INET) path_error_read(&message, &warren_ipv4, IP_RECVERR, error);
    if (name.ss_family == AF_INET6) path_error_read(&message, &warren_ipv6, IPV6_RECVERR, error);
    return 1;
}

int warren_fragmentation_allow(int descriptor, int family, int allowed) {
    int value = family == AF_INET ? (allowed ? IP_PMTUDISC_DONT : IP_PMTUDISC_PROBE)
                                  : (allowed ? IPV6_PMTUDISC_DONT : IPV6_PMTUDISC_PROBE);
    return family == AF_INET ? setsockopt(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, &value, sizeof value)
                             : setsockopt(descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &value, sizeof value);
}

/* Never makes a buffer smaller: without CAP_NET_ADMIN a second try would cut what root had set down to the system's maximum. */
static void grow_buffer(int descriptor, int forced, int plain, int size) {
    int now = 0;
    socklen_t length = sizeof now;
    /* The kernel reports twice the size that was asked for (socket(7)). */
    if (getsockopt(descriptor, SOL_SOCKET, plain, &now, &length) == 0 && now >= 2 * size) return;
    if (setsockopt(descriptor, SOL_SOCKET, forced, &size, sizeof size) != 0) {
        setsockopt(descriptor, SOL_SOCKET, plain, &size, sizeof size);
    }
}

static int set_nonblocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

enum { BUFFER_SIZE = 4 << 20 };

int warren_esp_socket(int family) {
    int descriptor = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ESP);
    if (descriptor < 0) return -1;
    grow_buffer(descriptor, SO_RCVBUFFORCE, SO_RCVBUF, BUFFER_SIZE);
    grow_buffer(descriptor, SO_SNDBUFFORCE, SO_SNDBUF, BUFFER_SIZE);
    return descriptor;
}

int warren_packet_socket_configure(int descriptor, int family) {
    int one = 1;
    if (family == AF_INET) {
        if (setsockopt(descriptor, IPPROTO_IP, IP_PKTINFO, &one, sizeof one) != 0) return -1;
        if (setsockopt(descriptor, IPPROTO_IP, IP_RECVTOS, &one, sizeof one) != 0) return -1;
        if (setsockopt(descriptor, IPPROTO_IP, IP_RECVERR, &one, sizeof one) != 0) return -1;
    } else {
        if (setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one) != 0) return -1;
        if (setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVTCLASS, &one, sizeof one) != 0) return -1;
        if (setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVERR, &one, sizeof one) != 0) return -1;
    }
    if (warren_fragmentation_allow(descriptor, family, 0) != 0) return -1;
    /* Speed, not correctness: older kernels, ESP itself and unprivileged users do without. */
    setsockopt(descriptor, IPPROTO_UDP, UDP_GRO, &one, sizeof one);
    grow_buffer(descriptor, SO_RCVBUFFORCE, SO_RCVBUF, BUFFER_SIZE);
    grow_buffer(descriptor, SO_SNDBUFFORCE, SO_SNDBUF, BUFFER_SIZE);
    return set_nonblocking(descriptor);
}

int warren_tun_configure(int descriptor) {
    int header = 10;
    unsigned int segmentation = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    if (ioctl(descriptor, TUNSETVNETHDRSZ, &header) != 0) return -1;
    /* Kernels before 6.2 do not know UDP segmentation. */
    int joins = ioctl(descriptor, TUNSETOFFLOAD, segmentation | TUN_F_USO4 | TUN_F_USO6) == 0;
    if (!joins && ioctl(descriptor, TUNSETOFFLOAD, segmentation) != 0) return -1;
    return set_nonblocking(descriptor) == 0 ? joins : -1;
}
