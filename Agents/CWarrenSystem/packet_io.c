#include "packet_io.h"

#include <errno.h>
#include <fcntl.h>
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

struct warren_receive_batch {
    uint32_t count;
    struct mmsghdr *messages;
    struct iovec *vectors;
    struct sockaddr_storage *names;
    union control *controls;
};

struct warren_send_batch {
    uint32_t count;
    struct mmsghdr *messages;
    struct iovec *vectors;
    struct sockaddr_storage *names;
    union control *controls;
};

void warren_receive_batch_free(struct warren_receive_batch *batch) {
    if (batch == NULL) return;
    free(batch->messages);
    free(batch->vectors);
    free(batch->names);
    free(batch->controls);
    free(batch);
}

struct warren_receive_batch *warren_receive_batch_new(uint32_t count, void *slab, size_t size) {
    struct warren_receive_batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) return NULL;
    batch->count = count;
    batch->messages = calloc(count, sizeof *batch->messages);
    batch->vectors = calloc(count, sizeof *batch->vectors);
    batch->names = calloc(count, sizeof *batch->names);
    batch->controls = calloc(count, sizeof *batch->controls);
    if (!batch->messages || !batch->vectors || !batch->names || !batch->controls) {
        warren_receive_batch_free(batch);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        batch->vectors[i] = (struct iovec){.iov_base = (uint8_t *)slab + i * size, .iov_len = size};
    }
    return batch;
}

int warren_receive_batch_fill(struct warren_receive_batch *batch, int descriptor) {
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

int warren_receive_batch_origin(const struct warren_receive_batch *batch, uint32_t index, struct warren_origin *origin) {
    struct msghdr *header = &batch->messages[index].msg_hdr;
    int has_local = 0;
    memset(origin, 0, sizeof *origin);
    origin->length = batch->messages[index].msg_len;
    origin->truncated = (header->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
    const struct sockaddr_storage *name = &batch->names[index];
    origin->family = name->ss_family;
    if (name->ss_family == AF_INET && header->msg_namelen >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)name;
        memcpy(origin->remote, &in->sin_addr, 4);
        origin->remote_port = ntohs(in->sin_port);
    } else if (name->ss_family == AF_INET6 && header->msg_namelen >= sizeof(struct sockaddr_in6)) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)name;
        memcpy(origin->remote, &in6->sin6_addr, 16);
        origin->remote_port = ntohs(in6->sin6_port);
    } else {
        return -1;
    }
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(origin->local, &info.ipi_addr, 4);
            has_local = 1;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(origin->local, &info.ipi6_addr, 16);
            has_local = 1;
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
            memcpy(&origin->traffic_class, CMSG_DATA(c), 1);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
            int value;
            memcpy(&value, CMSG_DATA(c), sizeof value);
            origin->traffic_class = (uint8_t)value;
        } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int value;
            memcpy(&value, CMSG_DATA(c), sizeof value);
            if (value > 0) origin->segment = (uint32_t)value;
        }
    }
    return has_local ? 0 : -1;
}

void warren_send_batch_free(struct warren_send_batch *batch) {
    if (batch == NULL) return;
    free(batch->messages);
    free(batch->vectors);
    free(batch->names);
    free(batch->controls);
    free(batch);
}

struct warren_send_batch *warren_send_batch_new(uint32_t count) {
    struct warren_send_batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) return NULL;
    batch->count = count;
    batch->messages = calloc(count, sizeof *batch->messages);
    batch->vectors = calloc(count, sizeof *batch->vectors);
    batch->names = calloc(count, sizeof *batch->names);
    batch->controls = calloc(count, sizeof *batch->controls);
    if (!batch->messages || !batch->vectors || !batch->names || !batch->controls) {
        warren_send_batch_free(batch);
        return NULL;
    }
    return batch;
}

/* Appends one control message. The buffer has room for every kind that is sent. */
static void add_control(struct msghdr *header, int level, int type, const void *data, size_t length) {
    struct cmsghdr *c = (struct cmsghdr *)((uint8_t *)header->msg_control + header->msg_controllen);
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(length);
    memcpy(CMSG_DATA(c), data, length);
    header->msg_controllen += CMSG_SPACE(length);
}

static void fill(
    struct msghdr *header, struct sockaddr_storage *name, union control *control, const struct warren_route *route,
    uint8_t traffic_class, uint16_t segment) {
    static const uint8_t unspecified[16];
    int value = traffic_class;
    memset(control, 0, sizeof *control);
    memset(name, 0, sizeof *name);
    header->msg_name = name;
    header->msg_control = control;
    header->msg_controllen = 0;
    if (route->family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)name;
        in->sin_family = AF_INET;
        in->sin_port = htons(route->remote_port);
        memcpy(&in->sin_addr, route->remote, 4);
        header->msg_namelen = sizeof *in;
        if (memcmp(route->local, unspecified, 4) != 0) {
            struct in_pktinfo info = {0};
            memcpy(&info.ipi_spec_dst, route->local, 4);
            add_control(header, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
        }
        if (traffic_class != 0) add_control(header, IPPROTO_IP, IP_TOS, &value, sizeof value);
    } else {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)name;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(route->remote_port);
        memcpy(&in6->sin6_addr, route->remote, 16);
        header->msg_namelen = sizeof *in6;
        if (memcmp(route->local, unspecified, 16) != 0) {
            struct in6_pktinfo info = {0};
            memcpy(&info.ipi6_addr, route->local, 16);
            add_control(header, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
        }
        if (traffic_class != 0) add_control(header, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof value);
    }
    if (segment != 0) add_control(header, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
    if (header->msg_controllen == 0) header->msg_control = NULL;
}

void warren_send_batch_prepare(
    struct warren_send_batch *batch, uint32_t index, const struct warren_route *route, uint8_t traffic_class, void *bytes,
    size_t length, uint16_t segment) {
    if (index >= batch->count) return;
    struct msghdr *header = &batch->messages[index].msg_hdr;
    batch->vectors[index] = (struct iovec){.iov_base = bytes, .iov_len = length};
    *header = (struct msghdr){.msg_iov = &batch->vectors[index], .msg_iovlen = 1};
    fill(header, &batch->names[index], &batch->controls[index], route, traffic_class, segment);
}

int warren_send_batch_send(struct warren_send_batch *batch, int descriptor, uint32_t first, uint32_t end) {
    if (first >= end || end > batch->count) return 0;
    return sendmmsg(descriptor, batch->messages + first, end - first, MSG_DONTWAIT);
}

long warren_route_send(int descriptor, const void *bytes, size_t length, const struct warren_route *route) {
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = length};
    struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1};
    struct sockaddr_storage name;
    union control control;
    fill(&header, &name, &control, route, 0, 0);
    return sendmsg(descriptor, &header, MSG_DONTWAIT);
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

int warren_udp_configure(int descriptor, int family) {
    int one = 1, size = 4 << 20;
    if (family == AF_INET) {
        if (setsockopt(descriptor, IPPROTO_IP, IP_PKTINFO, &one, sizeof one) != 0) return -1;
        if (setsockopt(descriptor, IPPROTO_IP, IP_RECVTOS, &one, sizeof one) != 0) return -1;
    } else {
        if (setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one) != 0) return -1;
        if (setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVTCLASS, &one, sizeof one) != 0) return -1;
    }
    /* Speed, not correctness: older kernels and unprivileged users do without. */
    setsockopt(descriptor, IPPROTO_UDP, UDP_GRO, &one, sizeof one);
    grow_buffer(descriptor, SO_RCVBUFFORCE, SO_RCVBUF, size);
    grow_buffer(descriptor, SO_SNDBUFFORCE, SO_SNDBUF, size);
    return set_nonblocking(descriptor);
}

int warren_tun_configure(int descriptor) {
    int header = 10;
    unsigned int segmentation = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    if (ioctl(descriptor, TUNSETVNETHDRSZ, &header) != 0) return -1;
    /* Kernels before 6.2 do not know UDP segmentation. */
    if (ioctl(descriptor, TUNSETOFFLOAD, segmentation | TUN_F_USO4 | TUN_F_USO6) != 0
        && ioctl(descriptor, TUNSETOFFLOAD, segmentation) != 0) {
        return -1;
    }
    return set_nonblocking(descriptor);
}
