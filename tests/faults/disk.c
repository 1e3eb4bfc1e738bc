/* A disk that fills up, and one that remembers what was written to it. Loaded before everything else (LD_PRELOAD); only
 * files below FORME_DISK_TREE are concerned.
 *
 * FORME_DISK_CONTROL names a file of 8 bytes, the number of writes that still fit: the one after the last is cut in half,
 * and all that follow fail with ENOSPC. The test changes the number while the program runs.
 *
 * FORME_DISK_LOG names a file to which every write, truncation and sync is appended, in order, with its bytes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

struct entry {
    int64_t kind; /* 'w' write, 't' truncate, 's' sync */
    int64_t offset;
    int64_t length;
    int64_t path;
};

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_truncate)(int, off64_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static const char *tree;
static int64_t *left;
static int log_file = -1;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_truncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    tree = getenv("FORME_DISK_TREE");
    const char *control = getenv("FORME_DISK_CONTROL"), *log = getenv("FORME_DISK_LOG");
    if (control != NULL) {
        int file = open(control, O_RDWR);
        void *shared = mmap(NULL, sizeof *left, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        left = shared == MAP_FAILED ? NULL : shared;
    }
    if (log != NULL)
        log_file = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
}

/* The file's path below the tree; NULL for files that do not concern us. */
static const char *below(int file, char *path, size_t size) {
    char link[64];
    if (tree == NULL || (left == NULL && log_file < 0))
        return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, size - 1);
    if (length < 0)
        return NULL;
    path[length] = 0;
    size_t root = strlen(tree);
    return strncmp(path, tree, root) == 0 && path[root] == '/' ? path + root + 1 : NULL;
}

static void note(char kind, const char *path, int64_t offset, const void *bytes, int64_t length) {
    if (log_file < 0)
        return;
    struct entry entry = {kind, offset, length, (int64_t)strlen(path)};
    pthread_mutex_lock(&turn);
    real_write(log_file, &entry, sizeof entry);
    real_write(log_file, path, strlen(path));
    if (bytes != NULL)
        real_write(log_file, bytes, (size_t)length);
    pthread_mutex_unlock(&turn);
}

/* How many of these bytes fit; -1 for none. */
static ssize_t fitting(size_t count) {
    if (left == NULL)
        return (ssize_t)count;
    int64_t now = __sync_sub_and_fetch(left, 1);
    if (now >= 0)
        return (ssize_t)count;
    if (now == -1 && count > 1)
        return (ssize_t)(count / 2);
    errno = ENOSPC;
    return -1;
}

ssize_t write(int file, const void *bytes, size_t count) {
    char buffer[4096];
    const char *path = below(file, buffer, sizeof buffer);
    if (path == NULL)
        return real_write(file, bytes, count);
    ssize_t fits = fitting(count);
    if (fits < 0)
        return -1;
    ssize_t written = real_write(file, bytes, (size_t)fits);
    if (written > 0)
        note('w', path, lseek64(file, 0, SEEK_CUR) - written, bytes, written);
    return written;
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    char buffer[4096];
    const char *path = below(file, buffer, sizeof buffer);
    if (path == NULL)
        return real_pwrite(file, bytes, count, offset);
    ssize_t fits = fitting(count);
    if (fits < 0)
        return -1;
    ssize_t written = real_pwrite(file, bytes, (size_t)fits, offset);
    if (written > 0)
        note('w', path, offset, bytes, written);
    return written;
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) { return pwrite64(file, bytes, count, offset); }

int ftruncate64(int file, off64_t size) {
    char buffer[4096];
    const char *path = below(file, buffer, sizeof buffer);
    int done = real_truncate(file, size);
    if (path != NULL && done == 0)
        note('t', path, size, NULL, 0);
    return done;
}

int ftruncate(int file, off_t size) { return ftruncate64(file, size); }

int fsync(int file) {
    char buffer[4096];
    const char *path = below(file, buffer, sizeof buffer);
    int done = real_fsync(file);
    if (path != NULL && done == 0)
        note('s', path, 0, NULL, 0);
    return done;
}

int fdatasync(int file) {
    char buffer[4096];
    const char *path = below(file, buffer, sizeof buffer);
    int done = real_fdatasync(file);
    if (path != NULL && done == 0)
        note('s', path, 0, NULL, 0);
    return done;
}
