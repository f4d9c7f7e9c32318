"""One process of each kind that could outlive its session, and a way to tell from outside which are alive.

    zoo = Menagerie(site)
    running, session = zoo.fill("zhang.san")      # an ssh session in which one of each kind has been started
    assert zoo.alive("zhang.san") == []           # after its end

Each holds a shared lock on a file of its own, together with all it forks: the kernel lets it go when the last of them is gone,
whatever its uid, login uid, name, cgroup or namespace is by then.
"""

BEAST = "/usr/local/bin/beast"
ROOTED = "/usr/local/bin/beast-root"
KEEPER = "/usr/local/bin/menagerie"
CAGES = "/srv/menagerie"

SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *sit(void *argument)
{
    for (;;)
        pause();
    return argument;
}

int main(int argc, char **argv)
{
    char path[300];
    const char *kind = argv[1];

    if (argc < 2)
        return 2;
    snprintf(path, sizeof(path), "/srv/menagerie/%s/%s", getenv("USER") ? getenv("USER") : getenv("LOGNAME"), argc > 2 ? argv[2] : kind);
    int fd = open(path, O_RDONLY);
    if (fd < 0 || flock(fd, LOCK_SH) < 0)
        return 1;
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (strcmp(kind, "first-thread-gone") == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, sit, NULL);
        syscall(SYS_exit, 0);
    } else if (strcmp(kind, "vfork") == 0) {
        if (vfork() == 0)
            sit(NULL); /* the parent cannot be interrupted meanwhile */
    } else if (strcmp(kind, "traced") == 0) {
        pid_t child = fork();
        if (child == 0) {
            ptrace(PTRACE_TRACEME);
            raise(SIGSTOP);
        }
    } else if (strcmp(kind, "plain") == 0 || strcmp(kind, "frozen") == 0) {
        prctl(PR_SET_NAME, "settled"); /* somebody waits for it; the lock may be a look of alive() */
    } else if (strcmp(kind, "stopped") == 0) {
        raise(SIGSTOP);
    } else if (strcmp(kind, "hopping") == 0) {
        for (;;)
            if (fork() > 0)
                _exit(0);
    } else if (strcmp(kind, "root") == 0) {
        if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
            return 1;
    } else if (strcmp(kind, "disguised") == 0) {
        prctl(PR_SET_NAME, "kworker/0:1");
        memset(argv[1], 0, strlen(argv[1]));
        memset(argv[0], 0, strlen(argv[0]));
    } else if (strcmp(kind, "mapped") == 0) { /* the lock goes with the descriptor, a mapping stays: both have to go */
        mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    }
    sit(NULL);
}
"""

# What its person types. `--user` needs the user manager, which logind has started by then.
TYPED = r"""#!/bin/bash
cd /
beast() { exec /usr/local/bin/beast "$@"; }
setsid -f /usr/local/bin/beast setsid
( (beast double-fork &) & )
nohup /usr/local/bin/beast nohup >/dev/null 2>&1 &
(beast disowned & disown)
env -i LOGNAME=$USER setsid -f /usr/local/bin/beast own-environment
tmux -L zoo new -d '/usr/local/bin/beast tmux'
screen -dmS zoo /usr/local/bin/beast screen
for kind in first-thread-gone vfork traced stopped disguised mapped; do /usr/local/bin/beast $kind & done
/usr/local/bin/beast-root root &
cp /usr/local/bin/beast ~/deleted && ~/deleted plain deleted & until pgrep -u $USER -x settled >/dev/null; do sleep 0.02; done; rm -f ~/deleted
unshare -Urpfmn /usr/local/bin/beast namespaces &
[ "$1" = calm ] || { until [ -e /srv/menagerie/$USER.hop ]; do sleep 0.05; done; exec /usr/local/bin/beast hopping; } &
if [ -S "/run/user/$(id -u)/systemd/private" ]; then
    export XDG_RUNTIME_DIR=/run/user/$(id -u)
    systemd-run --user --quiet -p KillMode=none -p Environment=USER=$USER /usr/local/bin/beast user-unit
    systemd-run --user --quiet -p Restart=always -p RestartSec=1ms -p Environment=USER=$USER /usr/local/bin/beast restarted
    systemd-run --user --quiet --unit=cron.service -p Environment=USER=$USER /usr/local/bin/beast named-cron
    systemd-run --user --quiet -p Delegate=yes -p Environment=USER=$USER /usr/local/bin/beast-frozen
fi
"""

# In a cgroup of its own making, two levels down, which is frozen.
FROZEN = r"""#!/bin/bash
own=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)
mkdir -p $own/deep/frozen $own/else && echo $$ > $own/else/cgroup.procs
/usr/local/bin/beast frozen &
echo $! > $own/deep/frozen/cgroup.procs
until grep -qx settled /proc/$!/comm; do sleep 0.02; done
echo 1 > $own/deep/frozen/cgroup.freeze
wait
"""

PLAIN = ["setsid", "double-fork", "nohup", "disowned", "own-environment", "tmux", "screen", "first-thread-gone", "vfork", "traced"]
PLAIN += ["stopped", "disguised", "mapped", "root", "deleted", "namespaces"]
MANAGED = ["user-unit", "restarted", "named-cron", "frozen"]
HOPPING = ["hopping"]
# Left with cron and at; running when the session ends.
JOBS = ["cron", "at"]
# Not running, and must not.
QUEUED = ["at-queued"]


class Menagerie:
    def __init__(self, site):
        self.site, self.box = site, site.box
        self.box.put("/root/beast.c", SOURCE)
        self.box.sh(f"cc -O1 -pthread -o {BEAST} /root/beast.c && install -m 4755 {BEAST} {ROOTED}")
        self.box.put(KEEPER, TYPED, "755")
        self.box.put(f"{BEAST}-frozen", FROZEN, "755")

    def cages(self, person):
        kinds = " ".join([*PLAIN, *MANAGED, *HOPPING, *JOBS, *QUEUED])
        self.box.sh(f"rm -f {CAGES}/{person}.hop; mkdir -p {CAGES}/{person} && cd {CAGES}/{person} && touch {kinds}")

    def alive(self, person):
        """Kinds of which anything is alive."""
        return self.box.sh(f"cd {CAGES}/{person} && for kind in *; do flock -nx $kind true || echo $kind; done").split()

    def seen(self, person):
        """What else anybody can see of them: by uid, and by login uid."""
        uid = self.box.sh(["id", "-u", person])
        look = f"for p in /proc/[0-9]*; do grep -qsx {uid} $p/loginuid || grep -qsw Uid:.*{uid} $p/status && ! grep -qs '^State:.*zombie' $p/status && echo $p; done"
        return self.box.run(look).out.split()

    def fill(self, person, calm=False, managed=True, jobs=False, **how):
        """An ssh session with one of each kind. What forks and ends for ever takes a processor, so it is the last to begin."""
        self.cages(person)
        running, session = self.site.session_open(person, command=f"{KEEPER} {'calm' if calm else ''} </dev/null; sleep 600", **how)
        expected = [*PLAIN, *(MANAGED if managed else [])]
        if jobs:
            self.leave_jobs(person)
            expected += JOBS
        missing = set(expected)

        def all_there():
            missing.clear()
            missing.update(set(expected) ^ set(self.alive(person)))
            return not missing

        try:
            self.box.until(all_there, timeout=20)
        except AssertionError as vain:
            raise AssertionError(f"not of all kinds: {sorted(missing)}") from vain
        if managed:
            self.box.until("grep -qsx 'frozen 1' /sys/fs/cgroup/user.slice/*/user@*/app.slice/*/deep/frozen/cgroup.events")
        if not calm:
            self.box.sh(f"touch {CAGES}/{person}.hop")
            self.box.until(lambda: "hopping" in self.alive(person))
        return running, session

    # --- cron and at

    def leave_jobs(self, person):
        """One of each running, and one of at's for later, which at_comes_due() makes due."""
        queue = f"cd /; echo '{BEAST} at' | at now; echo '{BEAST} at-queued' | at now + 2 hours; echo '@reboot {BEAST} cron' | crontab -"
        self.box.sh(queue, user=person, env={"USER": person})
        self.jobs_come_due(queued=False)

    def jobs_come_due(self, queued=True):
        """cron does at its first start what is marked @reboot; at goes by the names of its files."""
        if queued:
            self.box.sh("cd /var/spool/cron/atjobs && for job in a*; do [ ! -f $job ] || mv $job ${job%????????}00000001; done")
        self.box.sh("rm -f /run/crond.reboot; systemctl reset-failed cron atd; systemctl restart cron atd")

    def forget_jobs(self, person):
        self.box.run(f"crontab -u {person} -r; rm -f /var/spool/cron/atjobs/a*")
