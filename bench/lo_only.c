/* For LD_PRELOAD: getifaddrs() shows the loopback interface alone, and as an ordinary one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

int getifaddrs(struct ifaddrs **list)
{
    static int (*real)(struct ifaddrs **);
    if (!real)
        real = dlsym(RTLD_NEXT, "getifaddrs");
    int result = real(list);
    for (struct ifaddrs *each = result ? NULL : *list; each; each = each->ifa_next) {
        if (strcmp(each->ifa_name, "lo") == 0)
            each->ifa_flags &= ~IFF_LOOPBACK;
        else
            each->ifa_flags &= ~(IFF_UP | IFF_RUNNING);
    }
    return result;
}
