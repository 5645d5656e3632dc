/* SPDX-License-Identifier: MIT */
/*
 * The operations of tests/guests/bench.c on Linux, as the only program of a
 * machine that has nothing but a kernel. Prints "peer NAME VALUE" like bench.c:
 * ticks of the time stamp counter for one operation, the median of 15 batches
 * after a warm-up, without what the loop costs; under
 * -icount shift=0,sleep=off a tick is an instruction. "boot" is the counter when
 * this program begins.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/userfaultfd.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define BATCHES 15
#define WARM_UP 3
#define REPEAT  64
#define PAGE    4096ul
#define PAGES   64ul /* of a batch of faults */

typedef void (*peer_fn)(void);

static uint64_t
peer_tsc(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

static int
peer_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static uint64_t
peer_median(uint64_t samples[BATCHES])
{
    qsort(samples, BATCHES, sizeof(samples[0]), peer_compare);
    return samples[BATCHES / 2];
}

static void
peer_print(const char *name, uint64_t total, uint64_t operations)
{
    printf("peer %s %lu\n", name, (total + operations / 2) / operations);
    fflush(stdout);
}

static void
peer_need(int holds, const char *what)
{
    if (!holds) {
        perror(what);
        exit(1);
    }
}

/* ---- loops ----------------------------------------------------------------- */

static uint64_t
peer_loop(peer_fn operation)
{
    uint64_t samples[BATCHES];

    for (int i = -WARM_UP; i < BATCHES; i++) {
        uint64_t start = peer_tsc();

        for (int n = 0; n < REPEAT; n++) {
            operation();
        }
        samples[i < 0 ? 0 : i] = peer_tsc() - start;
    }
    return peer_median(samples);
}

static void
peer_nothing(void)
{
    __asm__ volatile("" ::: "memory");
}

static void
peer_measure(const char *name, peer_fn operation)
{
    uint64_t overhead = peer_loop(peer_nothing);

    peer_print(name, peer_loop(operation) - overhead, REPEAT);
}

/* ---- system calls ------------------------------------------------------------ */

static long
peer_syscall(long number)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number)
                     : "rcx", "r11", "memory");
    return result;
}

static void
peer_getpid(void)
{
    (void)peer_syscall(SYS_getpid);
}

static void
peer_unknown(void)
{
    (void)peer_syscall(999);
}

/* ---- a word to another process and one back ------------------------------------ */

static int peer_to[2];
static int peer_back[2];
static int peer_word_bytes;

static void
peer_exchange(void)
{
    uint64_t word = 1;

    (void)!write(peer_to[1], &word, (size_t)peer_word_bytes);
    (void)!read(peer_back[0], &word, (size_t)peer_word_bytes);
}

/* @peer_to and @peer_back are set: measure a round trip to a child. */
static void
peer_round_trip(const char *name)
{
    pid_t child = fork();

    peer_need(child >= 0, "fork");
    if (child == 0) {
        uint64_t word;

        while (read(peer_to[0], &word, (size_t)peer_word_bytes) > 0) {
            (void)!write(peer_back[1], &word, (size_t)peer_word_bytes);
        }
        _exit(0);
    }
    peer_measure(name, peer_exchange);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void
peer_pipes(void)
{
    peer_need(pipe(peer_to) == 0 && pipe(peer_back) == 0, "pipe");
    peer_word_bytes = 1;
    peer_round_trip("ipc_pipe");
}

static void
peer_eventfds(void)
{
    peer_to[0] = peer_to[1] = eventfd(0, 0);
    peer_back[0] = peer_back[1] = eventfd(0, 0);
    peer_word_bytes = 8;
    peer_round_trip("ipc_eventfd");
}

/* ---- faults -------------------------------------------------------------------- */

static char *
peer_map(unsigned long pages, int flags)
{
    char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

    peer_need(at != MAP_FAILED, "mmap");
    (void)madvise(at, pages * PAGE, MADV_NOHUGEPAGE);
    return at;
}

static uint64_t
peer_touch(char *at)
{
    uint64_t start = peer_tsc();

    for (unsigned long i = 0; i < PAGES; i++) {
        *(volatile char *)(at + i * PAGE) = 1;
    }
    return peer_tsc() - start;
}

/* Touch batches of the area that @arm prepares; a second touch is the loop. */
static void
peer_faults(const char *name, void (*arm)(char *area, unsigned long bytes))
{
    unsigned long pages = (BATCHES + 1) * PAGES;
    char *area = peer_map(pages, 0);
    uint64_t samples[BATCHES];

    if (arm != NULL) {
        arm(area, pages * PAGE);
    }
    (void)peer_touch(area + BATCHES * PAGES * PAGE);
    for (int i = 0; i < BATCHES; i++) {
        char *at = area + (unsigned long)i * PAGES * PAGE;
        uint64_t ticks = peer_touch(at);

        samples[i] = ticks - peer_touch(at);
    }
    peer_print(name, peer_median(samples), PAGES);
    munmap(area, pages * PAGE);
}

static void
peer_populate(void)
{
    uint64_t samples[BATCHES];

    for (int i = -WARM_UP; i < BATCHES; i++) {
        uint64_t start = peer_tsc();
        char *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

        samples[i < 0 ? 0 : i] = peer_tsc() - start;
        munmap(at, PAGES * PAGE);
    }
    peer_print("fault_populate_per_page", peer_median(samples), PAGES);
}

static char *peer_segv_area;

static void
peer_on_segv(int signal, siginfo_t *info, void *context)
{
    uintptr_t page = (uintptr_t)info->si_addr & ~(PAGE - 1);

    (void)signal;
    (void)context;
    if (mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE) != 0) {
        _exit(1);
    }
}

static void
peer_arm_segv(char *area, unsigned long bytes)
{
    struct sigaction action = { .sa_flags = SA_SIGINFO };

    action.sa_sigaction = peer_on_segv;
    peer_segv_area = area;
    peer_need(sigaction(SIGSEGV, &action, NULL) == 0
                  && mprotect(area, bytes, PROT_NONE) == 0,
              "mprotect");
}

/* ---- userfaultfd, served by another process ---------------------------------------- */

static pid_t peer_server;
static int peer_uffd_copies;

static void
peer_serve(int uffd)
{
    static char page[PAGE] __attribute__((aligned(4096)));
    struct uffd_msg message;

    while (read(uffd, &message, sizeof(message)) == sizeof(message)) {
        uint64_t at = message.arg.pagefault.address & ~(PAGE - 1);

        if (peer_uffd_copies) {
            struct uffdio_copy copy = { .dst = at,
                                        .src = (uintptr_t)page,
                                        .len = PAGE };

            (void)ioctl(uffd, UFFDIO_COPY, &copy);
        } else {
            struct uffdio_zeropage zero = { .range = { at, PAGE } };

            (void)ioctl(uffd, UFFDIO_ZEROPAGE, &zero);
        }
    }
    _exit(0);
}

static void
peer_arm_uffd(char *area, unsigned long bytes)
{
    struct uffdio_api api = { .api = UFFD_API };
    struct uffdio_register range = { .range = { (uintptr_t)area, bytes },
                                     .mode = UFFDIO_REGISTER_MODE_MISSING };
    int uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

    peer_need(uffd >= 0 && ioctl(uffd, UFFDIO_API, &api) == 0
                  && ioctl(uffd, UFFDIO_REGISTER, &range) == 0,
              "userfaultfd");
    peer_server = fork();
    peer_need(peer_server >= 0, "fork");
    if (peer_server == 0) {
        peer_serve(uffd);
    }
}

static void
peer_uffd(const char *name, int copies)
{
    peer_uffd_copies = copies;
    peer_faults(name, peer_arm_uffd);
    kill(peer_server, SIGKILL);
    waitpid(peer_server, NULL, 0);
}

/* ---- regions and processes ----------------------------------------------------------- */

static void
peer_map_unmap(void)
{
    void *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    munmap(at, PAGE);
}

static pid_t
peer_start(void)
{
    pid_t child = vfork();

    if (child == 0) {
        execl("/null", "null", (char *)NULL);
        _exit(127);
    }
    return child;
}

static void
peer_spawn(void)
{
    uint64_t samples[BATCHES];

    for (int i = -WARM_UP; i < BATCHES; i++) {
        uint64_t start = peer_tsc();

        waitpid(peer_start(), NULL, 0);
        samples[i < 0 ? 0 : i] = peer_tsc() - start;
    }
    peer_print("spawn_exit_wait", peer_median(samples), 1);
}

static void
peer_show(const char *path)
{
    char line[512];
    FILE *file = fopen(path, "r");

    if (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        printf("linux %s %s", path, line);
    }
    if (file != NULL) {
        fclose(file);
    }
}

int
main(int argc, char **argv)
{
    peer_print("boot", peer_tsc(), 1);
    if (argc > 1 && strcmp(argv[1], "boot-only") == 0) {
        printf("peers done\n");
        fflush(stdout);
        reboot(RB_POWER_OFF);
    }
    (void)mkdir("/proc", 0755);
    (void)mount("proc", "/proc", "proc", 0, NULL);
    peer_show("/proc/version");
    peer_show("/proc/cmdline");
    peer_measure("syscall_null", peer_getpid);
    peer_measure("syscall_unknown", peer_unknown);
    peer_pipes();
    peer_eventfds();
    peer_faults("fault_kernel", NULL);
    peer_populate();
    peer_uffd("fault_uffd_zeropage", 0);
    peer_uffd("fault_uffd_copy", 1);
    peer_faults("fault_segv_mprotect", peer_arm_segv);
    peer_measure("region_create_destroy", peer_map_unmap);
    peer_spawn();
    printf("peers done\n");
    fflush(stdout);
    reboot(RB_POWER_OFF);
    return 0;
}
