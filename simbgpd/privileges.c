#include "simbgpd/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEPT (1u << CAP_NET_ADMIN | 1u << CAP_NET_BIND_SERVICE)

static int set_capabilities(unsigned kept)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct had[2], data[2] = { 0 };
	if (syscall(SYS_capget, &header, had) < 0)
		return -errno;
	data[0].effective = data[0].permitted = kept & had[0].permitted;
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* What we have not, no program we might start can have either. */
static int drop_bounding(void)
{
	for (unsigned capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
		if (capability < 32 && (KEPT & 1u << capability))
			continue;
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			return -errno;
	}
	return 0;
}

static int become(const char *user)
{
	const struct passwd *entry = getpwnam(user);
	if (!entry)
		return -ENOENT;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) < 0 ||
	    setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) < 0)
		return -errno;
	return 0;
}

int privileges_drop(const char *user)
{
	int error = 0;
	if (geteuid() == 0)
		error = drop_bounding();
	if (!error && user)
		error = become(user);
	if (!error)
		error = set_capabilities(KEPT);
	if (!error && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		error = -errno;
	return error;
}
