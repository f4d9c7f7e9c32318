"""A clock that is set wrong, and right again, as hufud alone sees it: the machine's own is left alone."""

# clock_gettime() and adjtimex() as hufud sees them: the wall clock so many seconds off, and synchronised or not. The
# kernel's word that the clock was set cannot be made without setting it; each decision looks by itself.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <sys/timex.h>
#include <time.h>

static long offset, synchronised;

static void look(void)
{
    FILE *f = fopen("/etc/hufu-test-clock", "re");

    if (f && fscanf(f, "%ld %ld", &offset, &synchronised) != 2)
        offset = synchronised = 0;
    if (f)
        fclose(f);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int r = real(id, t);

    if (id == CLOCK_REALTIME) {
        look();
        t->tv_sec += offset;
    }
    return r;
}

int adjtimex(struct timex *t)
{
    look();
    t->status = synchronised ? 0 : STA_UNSYNC;
    return synchronised ? TIME_OK : TIME_ERROR;
}
"""


def shift(site):
    """From now on its hufud sees the time that set_clock() says."""
    box = site.box
    box.put("/root/shim.c", SHIM)
    box.sh("cc -shared -fPIC -o /usr/lib/hufu-test-clock.so /root/shim.c -ldl")
    box.sh("mkdir -p /etc/systemd/system/hufud.service.d")
    box.put("/etc/systemd/system/hufud.service.d/clock.conf", "[Service]\nEnvironment=LD_PRELOAD=/usr/lib/hufu-test-clock.so\n")
    set_clock(site, 0)
    box.sh("systemctl daemon-reload")
    restart(site)


def set_clock(site, offset, synchronised=False):
    site.box.put("/etc/hufu-test-clock.new", f"{offset} {int(synchronised)}\n")
    site.box.sh("chmod 644 /etc/hufu-test-clock.new && mv /etc/hufu-test-clock.new /etc/hufu-test-clock")


def restart(site):
    site.box.sh("systemctl restart hufud")
    site.box.until("hufuctl --json status || test $? = 1")
