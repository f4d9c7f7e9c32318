#include "tests/unit/broker/store/fault.h"

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fault_handle {
    sqlite3_file base;
    enum fault_file kind;
    sqlite3_file *real; /* directly behind this struct */
};

static sqlite3_vfs fault_vfs, *real_vfs;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum fault_file write_file, sync_file;
    int write_code;
    unsigned write_after, sync_times, log_syncs;
    long long log_room;
    bool hold, held;
} fault = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct fault_handle *)file)->real;
}

static enum fault_file kind_of(sqlite3_file *file)
{
    return ((struct fault_handle *)file)->kind;
}

static int fault_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int fault_read(sqlite3_file *file, void *octets, int size, sqlite3_int64 offset)
{
    return real_of(file)->pMethods->xRead(real_of(file), octets, size, offset);
}

static int write_verdict(enum fault_file kind, long long end)
{
    int code = SQLITE_OK;

    (void)pthread_mutex_lock(&fault.lock);
    if (fault.write_code != 0 && fault.write_file == kind) {
        if (fault.write_after == 0)
            code = fault.write_code;
        else
            fault.write_after--;
    }
    if (kind == FAULT_LOG && fault.log_room != 0 && end > fault.log_room)
        code = SQLITE_FULL;
    (void)pthread_mutex_unlock(&fault.lock);
    if (code == FAULT_KILL)
        (void)kill(getpid(), SIGKILL);
    return code;
}

static int fault_write(sqlite3_file *file, const void *octets, int size, sqlite3_int64 offset)
{
    int code = write_verdict(kind_of(file), offset + size);

    return code != SQLITE_OK ? code : real_of(file)->pMethods->xWrite(real_of(file), octets, size, offset);
}

static int fault_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int sync_verdict(enum fault_file kind)
{
    int code = SQLITE_OK;

    (void)pthread_mutex_lock(&fault.lock);
    if (kind == FAULT_LOG) {
        fault.log_syncs++;
        if (fault.hold) {
            fault.held = true;
            (void)pthread_cond_broadcast(&fault.changed);
            while (fault.hold)
                (void)pthread_cond_wait(&fault.changed, &fault.lock);
            fault.held = false;
        }
    }
    if (fault.sync_file == kind && fault.sync_times > 0) {
        fault.sync_times--;
        code = SQLITE_IOERR_FSYNC;
    }
    (void)pthread_mutex_unlock(&fault.lock);
    return code;
}

static int fault_sync(sqlite3_file *file, int flags)
{
    int code = real_of(file)->pMethods->xSync(real_of(file), flags);
    int verdict = sync_verdict(kind_of(file));

    return code != SQLITE_OK ? code : verdict;
}

static int fault_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int fault_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int fault_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int fault_check_lock(sqlite3_file *file, int *held)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), held);
}

static int fault_control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int fault_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int fault_characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static const sqlite3_io_methods fault_methods = {
    .iVersion = 1,
    .xClose = fault_close,
    .xRead = fault_read,
    .xWrite = fault_write,
    .xTruncate = fault_truncate,
    .xSync = fault_sync,
    .xFileSize = fault_size,
    .xLock = fault_lock,
    .xUnlock = fault_unlock,
    .xCheckReservedLock = fault_check_lock,
    .xFileControl = fault_control,
    .xSectorSize = fault_sector,
    .xDeviceCharacteristics = fault_characteristics,
};

static int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out)
{
    struct fault_handle *handle = (struct fault_handle *)file;
    int code;

    (void)vfs;
    handle->kind = (flags & SQLITE_OPEN_WAL) != 0 ? FAULT_LOG : FAULT_MAIN;
    handle->real = (sqlite3_file *)(handle + 1);
    handle->base.pMethods = NULL;
    code = real_vfs->xOpen(real_vfs, name, handle->real, flags, flags_out);
    if (handle->real->pMethods)
        handle->base.pMethods = &fault_methods;
    return code;
}

void fault_install(void)
{
    fault.write_code = 0;
    fault.sync_times = 0;
    fault.log_syncs = 0;
    fault.log_room = 0;
    fault.hold = false;
    real_vfs = sqlite3_vfs_find("unix");
    if (!real_vfs)
        abort();
    fault_vfs = *real_vfs;
    fault_vfs.zName = "fault";
    fault_vfs.szOsFile += (int)sizeof(struct fault_handle);
    fault_vfs.xOpen = fault_open;
    if (sqlite3_vfs_register(&fault_vfs, 1) != SQLITE_OK)
        abort();
}

void fault_remove(void)
{
    (void)sqlite3_vfs_unregister(&fault_vfs);
}

void fault_writes(enum fault_file file, int code, unsigned after)
{
    (void)pthread_mutex_lock(&fault.lock);
    fault.write_file = file;
    fault.write_code = code;
    fault.write_after = after;
    (void)pthread_mutex_unlock(&fault.lock);
}

void fault_log_room(long long size)
{
    (void)pthread_mutex_lock(&fault.lock);
    fault.log_room = size;
    (void)pthread_mutex_unlock(&fault.lock);
}

void fault_syncs(enum fault_file file, unsigned times)
{
    (void)pthread_mutex_lock(&fault.lock);
    fault.sync_file = file;
    fault.sync_times = times;
    (void)pthread_mutex_unlock(&fault.lock);
}

unsigned fault_log_syncs(void)
{
    unsigned n;

    (void)pthread_mutex_lock(&fault.lock);
    n = fault.log_syncs;
    (void)pthread_mutex_unlock(&fault.lock);
    return n;
}

void fault_hold(void)
{
    (void)pthread_mutex_lock(&fault.lock);
    fault.hold = true;
    (void)pthread_mutex_unlock(&fault.lock);
}

void fault_wait_held(void)
{
    (void)pthread_mutex_lock(&fault.lock);
    while (!fault.held)
        (void)pthread_cond_wait(&fault.changed, &fault.lock);
    (void)pthread_mutex_unlock(&fault.lock);
}

void fault_release(void)
{
    (void)pthread_mutex_lock(&fault.lock);
    fault.hold = false;
    (void)pthread_cond_broadcast(&fault.changed);
    (void)pthread_mutex_unlock(&fault.lock);
}
