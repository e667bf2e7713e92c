#include "CWarrenSystem.h"
#include "privileges.h"
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failed(int reason) {
    errno = reason;
    return -1;
}

int warren_drop_privileges(uid_t user, gid_t group) {
    if (user == 0 || group == 0) return failed(EINVAL);
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) return -1;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) return -1;
    if (setgroups(0, NULL) < 0 || setresgid(group, group, group) < 0 || setresuid(user, user, user) < 0) return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return -1;

    uid_t users[3];
    gid_t groups[3];
    if (getresuid(&users[0], &users[1], &users[2]) < 0 || getresgid(&groups[0], &groups[1], &groups[2]) < 0) return -1;
    for (int index = 0; index < 3; index++)
        if (users[index] != user || groups[index] != group) return failed(EPERM);
    if (getgroups(0, NULL) != 0 || setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0) return failed(EPERM);
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2];
    memset(data, 0xff, sizeof data);
    if (syscall(SYS_capget, &header, data) < 0) return -1;
    for (int index = 0; index < 2; index++)
        if (data[index].effective | data[index].permitted | data[index].inheritable) return failed(EPERM);
    return 0;
}

int warren_find_user(const char *name, uid_t *user, gid_t *group) {
    struct passwd entry, *found = NULL;
    char buffer[4096];
    int failure = getpwnam_r(name, &entry, buffer, sizeof buffer, &found);
    if (failure != 0 || found == NULL) return failed(failure != 0 ? failure : ENOENT);
    *user = entry.pw_uid;
    *group = entry.pw_gid;
    return 0;
}

int warren_termination_signals(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    int failure = pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (failure != 0) return failed(failure);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}
