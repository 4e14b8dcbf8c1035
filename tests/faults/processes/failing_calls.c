// Preloaded into a process: makes calls on segment files fail as the plan in a file says, and notes each call.
//
//   plan:   GENERATION CALL FIRST LAST ERRNO BYTES DELAY_MS     e.g. 1 fdatasync 3 3 5 -1 0
//   notes:  PID CALL RESULT SIZE BEGUN PATH                     SIZE is the file's before the call
//
// Calls are counted from 1 in each generation. ERRNO 0 lets the call through, with at most BYTES bytes of a write (-1
// for all). A failed sync fails once for every open file of the same segment, as Linux does. Calls are noted when they
// end; BEGUN is their order within the process when it was decided what becomes of them.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct plan { int generation, first, last, error, delay, begun; long bytes; char call[16]; } plan;
static int count, reporting[64], reporting_count;
static ino_t failed;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int is_segment(int fd, char *path, struct stat *stat) {
  char link[32];
  sprintf(link, "/proc/self/fd/%d", fd);
  long size = readlink(link, path, 500);
  path[size < 0 ? 0 : size] = 0;
  return size > 4 && !strcmp(path + size - 4, ".log") && !fstat(fd, stat);
}

// Whether this open file has reported the failure; the runtime may have given it another number since.
static int has_reported(int fd) {
  for (int i = 0; i < reporting_count; i++) if (!syscall(SYS_kcmp, getpid(), getpid(), 0, fd, reporting[i])) return 1;
  return 0;
}

// Counts a call, and says what is to become of it: 0 nothing, 1 what the plan says, 2 a failure reported again.
static int fate(const char *call, int fd, ino_t inode, struct plan *its) {
  pthread_mutex_lock(&lock);
  plan.begun++;
  int was = plan.generation;
  FILE *file = fopen(getenv("FAILING_CALLS_PLAN"), "r");
  if (!file || fscanf(file, "%d %15s %d %d %d %ld %d", &plan.generation, plan.call, &plan.first, &plan.last,
                      &plan.error, &plan.bytes, &plan.delay) != 7) plan.call[0] = 0;
  if (file) fclose(file);
  if (plan.generation != was) count = 0;
  int result = !strcmp(plan.call, call) && ++count >= plan.first && count <= plan.last;
  if (call[0] == 'f' && !result && inode == failed && !has_reported(fd)) result = 2;
  if (call[0] == 'f' && result && plan.error) {
    if (failed != inode) reporting_count = 0;
    failed = inode;
    if (reporting_count < 64) reporting[reporting_count++] = dup(fd);
  }
  *its = plan;
  pthread_mutex_unlock(&lock);
  return result;
}

static long noted(const char *call, long result, long size, int begun, const char *path) {
  int error = errno;
  char line[640];
  FILE *file = fopen(getenv("FAILING_CALLS_NOTES"), "a");
  int bytes = snprintf(line, sizeof line, "%d %s %ld %ld %d %s\n", getpid(), call, result, size, begun, path);
  if (file) syscall(SYS_write, fileno(file), line, bytes), fclose(file);
  errno = error;
  return result;
}

static int sync_call(const char *call, int number, int fd) {
  char path[512];
  struct stat stat;
  struct plan its;
  if (!is_segment(fd, path, &stat)) return noted(call, syscall(number, fd), 0, 0, path);
  int what = fate(call, fd, stat.st_ino, &its);
  if (what == 1) usleep(its.delay * 1000);
  if (what == 2 || (what == 1 && its.error)) return errno = what == 2 ? EIO : its.error, noted(call, -1, stat.st_size, its.begun, path);
  return noted(call, syscall(number, fd), stat.st_size, its.begun, path);
}

int fdatasync(int fd) { return sync_call("fdatasync", SYS_fdatasync, fd); }
int fsync(int fd) { return sync_call("fsync", SYS_fsync, fd); }

ssize_t write(int fd, const void *bytes, size_t size) {
  char path[512];
  struct stat stat;
  struct plan its;
  if (fd < 3 || !is_segment(fd, path, &stat)) return syscall(SYS_write, fd, bytes, size);
  int is_due = fate("write", fd, stat.st_ino, &its);
  if (is_due && its.error) return errno = its.error, noted("write", -1, stat.st_size, its.begun, path);
  if (is_due && its.bytes >= 0 && (size_t)its.bytes < size) size = its.bytes;
  long result = noted("write", syscall(SYS_write, fd, bytes, size), stat.st_size, its.begun, path);
  if (is_due) usleep(its.delay * 1000);
  return result;
}
