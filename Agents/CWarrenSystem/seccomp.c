#include "CWarrenSystem.h"
#include "privileges.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "name this architecture's AUDIT_ARCH constant"
#endif

#define DENY(name)                                                                                                               \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (EPERM & SECCOMP_RET_DATA))

static struct sock_filter program[] = {
    /* A call number means something only together with the architecture (seccomp(2), "Caveats"). */
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCHITECTURE, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#if defined(__x86_64__)
    /* The x32 ABI shares the architecture's constant and would go round the list below. */
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    DENY(fork), DENY(vfork), DENY(iopl), DENY(ioperm), DENY(mknod),
#endif
    DENY(execve), DENY(execveat), DENY(ptrace), DENY(process_vm_readv), DENY(process_vm_writev), DENY(mount), DENY(umount2),
    DENY(pivot_root), DENY(chroot), DENY(open_tree), DENY(move_mount), DENY(fsopen), DENY(fsconfig), DENY(fsmount), DENY(fspick),
    DENY(open_by_handle_at), DENY(name_to_handle_at), DENY(mknodat), DENY(init_module), DENY(finit_module), DENY(delete_module),
    DENY(kexec_load), DENY(bpf), DENY(perf_event_open), DENY(setns), DENY(unshare), DENY(keyctl), DENY(add_key),
    DENY(request_key), DENY(userfaultfd), DENY(io_uring_setup), DENY(io_uring_enter), DENY(io_uring_register), DENY(reboot),
    DENY(swapon), DENY(swapoff), DENY(acct), DENY(settimeofday), DENY(clock_settime), DENY(adjtimex), DENY(clock_adjtime),
    DENY(sethostname), DENY(setdomainname), DENY(quotactl), DENY(personality), DENY(pidfd_getfd),
    DENY(kexec_file_load), DENY(mount_setattr), DENY(kcmp),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

int warren_deny_system_calls(void) {
    struct sock_fprog filter = {.len = sizeof program / sizeof program[0], .filter = program};
    /* A positive result names a thread that could not be brought along: as bad as an error. */
    long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
    if (result > 0) errno = ESRCH;
    return result == 0 ? 0 : -1;
}
