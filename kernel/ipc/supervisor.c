/* SPDX-License-Identifier: MIT */
/* Starting and restarting the boot pager and the first program. */
#include "supervisor.h"

#include <secos/bootinfo.h>
#include <secos/ipc.h>

#include <base/fmt.h>
#include <base/string.h>

#include <arch/cpu.h>
#include <arch/timer.h>
#include <klib/kassert.h>
#include <klib/log.h>
#include <klib/panic.h>
#include <task/process.h>
#include <task/sched.h>

#include "binding.h"
#include "detach.h"
#include "donation.h"
#include "endpoint.h"
#include "memory_object.h"
#include "modules.h"
#include "pager_watch.h"
#include "spawn.h"

/* Pages of dead memory objects, or events, between two looks at the clock. */
#define SUPERVISOR_STEP 16u
/* Threads whose priority is settled, the same. */
#define SETTLE_STEP 4u
#define NS_PER_S    1000000000ull
/* So many restarts in the window, and the next one waits for its end. */
#define RESTARTS_MOST      5u
#define RESTARTS_WINDOW_NS (10 * NS_PER_S)
/* More than pager-restarts=N can ask for. */
#define STARTS_RING 64u

struct service {
    const char *name;
    uint8_t priority;
    bool is_pager;
    struct process *process; /* one reference while it lives */
    struct spawn *spawn;     /* while it is being made       */
    uint64_t starts;
    uint64_t restarts_most;           /* in the window; 0 = any number */
    uint64_t not_before_ns;           /* of the next start             */
    uint64_t died_ns;                 /* 0 = never                     */
    uint64_t started_ns[STARTS_RING]; /* of the last starts            */
    char death[64];
};

static struct service supervisor_pager = {
    .name = "pager",
    .priority = PRIORITY_PAGER,
    .is_pager = true,
    .restarts_most = RESTARTS_MOST,
};
static struct service supervisor_first = {
    .name = "shell",
    .priority = PRIORITY_SHELL,
    .restarts_most = RESTARTS_MOST,
};
static struct thread supervisor_thread;
static struct endpoint *supervisor_endpoint;
static struct binding *supervisor_binding;
static const char *supervisor_pager_verdict;
static bool supervisor_exit_with_init;
/* There is work that a round which has begun may have passed already. */
static bool supervisor_has_work;

/* ---- a service ended --------------------------------------------------- */

static void
supervisor_describe_end(const struct exit_report *report, char *to,
                        uint64_t bytes)
{
    if ((report->wait & EXIT_BY_FAULT) != 0) {
        fmt_snprintf(to, bytes, "vector %u at 0x%lx, address 0x%lx",
                     report->vector, report->rip, report->address);
    } else if ((report->wait & EXIT_BY_KILL) != 0) {
        strlcpy(to, "killed", bytes);
    } else {
        fmt_snprintf(to, bytes, "exit %u", EXIT_CODE(report->wait));
    }
}

NORETURN static void
supervisor_end_machine(const struct exit_report *report)
{
    uint32_t status = EXIT_CODE(report->wait);

    if ((report->wait & EXIT_BY_FAULT) != 0) {
        status = 128 + report->vector;
    } else if ((report->wait & EXIT_BY_KILL) != 0) {
        status = 128 + 9;
    }
    klog("secos: init ended with status %u", status);
    power_test_exit((uint8_t)status);
    power_off();
    cpu_halt();
}

void
supervisor_wake(void)
{
    supervisor_has_work = true;
    if (supervisor_thread.state == THREAD_WAITING) {
        thread_wake(&supervisor_thread);
    }
}

/* When the service may start again: at once, unless it has done so too often.
 * The first start is no restart. */
static uint64_t
supervisor_next_start(const struct service *service)
{
    uint64_t oldest;

    if (service->starts <= service->restarts_most
        || service->restarts_most == 0) {
        return 0;
    }
    oldest = service->starts - service->restarts_most;
    return service->started_ns[oldest % STARTS_RING] + RESTARTS_WINDOW_NS;
}

/* Say that @service ended, and when it starts again. */
static void
supervisor_log_end(const struct service *service)
{
    uint64_t wait_ns = service->not_before_ns - service->died_ns;

    if (service->not_before_ns <= service->died_ns) {
        klog("secos: %s ended (%s); starting it again", service->name,
             service->death);
        return;
    }
    klog("secos: %s ended (%s) too often; again in %u s", service->name,
         service->death, (unsigned)((wait_ns + NS_PER_S - 1) / NS_PER_S));
}

static void
supervisor_on_end(struct process *process)
{
    struct service *service = process == supervisor_pager.process
                                  ? &supervisor_pager
                                  : &supervisor_first;

    KASSERT(service->process == process);
    supervisor_describe_end(&process->report, service->death,
                            sizeof(service->death));
    if (service->is_pager && supervisor_pager_verdict != NULL) {
        strlcpy(service->death, supervisor_pager_verdict,
                sizeof(service->death));
        supervisor_pager_verdict = NULL;
    }
    if (!service->is_pager && supervisor_exit_with_init) {
        supervisor_end_machine(&process->report);
    }
    service->process = NULL;
    service->died_ns = sched_now_ns();
    service->not_before_ns = supervisor_next_start(service);
    supervisor_log_end(service);
    object_put(&process->object);
    supervisor_wake();
}

/* ---- starting ---------------------------------------------------------- */

/* Module arguments are words; a process gets them as strings behind its name. */
static uint32_t
supervisor_build_args(const struct boot_module *module, char *args)
{
    uint32_t bytes = (uint32_t)strlcpy(args, module->name, NAME_BYTES) + 1;
    const char *from = module->args;

    while (*from != '\0') {
        if (*from != ' ') {
            args[bytes++] = *from;
            if (from[1] == ' ' || from[1] == '\0') {
                args[bytes++] = '\0';
            }
        }
        from++;
    }
    return bytes;
}

_Static_assert(sizeof(((struct boot_module *)0)->args) * 2 + NAME_BYTES
                   < SPAWN_ARGS_BYTES,
               "arguments of a module always fit");

static enum status
supervisor_begin(struct service *service)
{
    const struct boot_module *module = modules_lookup(service->name);
    char args[SPAWN_ARGS_BYTES / 2];
    uint32_t bytes;
    enum status status;

    if (module == NULL) {
        return ST_ENOENT;
    }
    bytes = supervisor_build_args(module, args);
    status = spawn_begin_module(service->name, args, bytes, &service->spawn);
    if (status != ST_OK) {
        return status;
    }
    service->spawn->priority = service->priority;
    service->spawn->resident = service->is_pager;
    service->spawn->console_rights = RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT
                                     | RIGHT_MANAGE;
    if (service->is_pager) {
        service->spawn->given = &supervisor_endpoint->object;
        service->spawn->given_rights = RIGHT_RECEIVE | RIGHT_SERVE;
        object_get(service->spawn->given);
    } else {
        service->spawn->pager = supervisor_binding;
        object_get(&supervisor_binding->object);
    }
    return ST_OK;
}

static void
supervisor_complete(struct service *service)
{
    struct process *process = service->spawn->process;

    object_get(&process->object);
    service->process = process;
    process->on_end = supervisor_on_end;
    spawn_drop(service->spawn);
    service->spawn = NULL;
    service->started_ns[service->starts % STARTS_RING] = sched_now_ns();
    service->starts++;
    if (!service->is_pager) {
        klog("secos: init %s started", service->name); /* secos-run waits */
    }
    spawn_start(process);
}

/* Go on starting @service; does not return while another thread should run. */
static void
supervisor_start(struct service *service)
{
    enum status status = ST_OK;

    if (service->spawn == NULL) {
        status = supervisor_begin(service);
    }
    while (status == ST_OK && service->spawn->phase != SPAWN_DONE) {
        sched_checkpoint();
        status = spawn_step(service->spawn);
    }
    if (status == ST_OK) {
        supervisor_complete(service);
        return;
    }
    if (service->starts == 0) {
        panic("supervisor: cannot start %s: %s (status %d)", service->name,
              status == ST_ENOMEM ? "no memory" : "not a program", status);
    }
    if (service->spawn != NULL) {
        spawn_drop(service->spawn);
        service->spawn = NULL;
    }
    service->not_before_ns = sched_now_ns() + NS_PER_S;
}

/* ---- the thread -------------------------------------------------------- */

static void
supervisor_abort_wait(UNUSED struct thread *thread, UNUSED enum status status)
{
}

static const struct wait_class supervisor_wait_class = {
    .name = "service",
    .abort = supervisor_abort_wait,
};

static uint64_t
supervisor_earlier(uint64_t a, uint64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* Start @service if it is down and due. Returns when to look again, 0 = when
 * something ends. */
static uint64_t
supervisor_look_after(struct service *service)
{
    if (service->process != NULL) {
        return 0;
    }
    if (service->not_before_ns <= sched_now_ns()) {
        supervisor_start(service);
    }
    return service->process == NULL ? service->not_before_ns : 0;
}

static void
supervisor_run(struct thread *self)
{
    uint64_t look_at;

    supervisor_has_work = false;
    cpu_interrupt_window(); /* who woke it was at work for long perhaps */
    while (!donation_settle_step(SETTLE_STEP)) {
        sched_checkpoint();
    }
    while (!memory_object_bury_step(SUPERVISOR_STEP)) {
        sched_checkpoint();
    }
    while (!endpoint_bury_step(SUPERVISOR_STEP)) {
        sched_checkpoint();
    }
    while (!process_announce_step(SUPERVISOR_STEP)) {
        sched_checkpoint();
    }
    look_at = supervisor_look_after(&supervisor_pager);
    look_at =
        supervisor_earlier(look_at, supervisor_look_after(&supervisor_first));
    thread_set_waiting(self, &supervisor_wait_class, NULL, RESUME_KERNEL);
    if (supervisor_has_work || !thread_set_deadline(self, look_at)) {
        thread_wake(self);
    }
    sched_dispatch();
}

/* The number at *@text, which is moved behind it and behind the @end that must
 * follow. Returns false if there is none. */
static bool
supervisor_read_number(const char **text, char end, uint64_t *number)
{
    const char *at = *text;
    uint64_t value = 0;

    while (*at >= '0' && *at <= '9' && value <= PAGER_LIMIT_MS_MOST) {
        value = value * 10 + (uint64_t)(*at - '0');
        at++;
    }
    if (at == *text || *at != end) {
        return false;
    }
    *text = end == '\0' ? at : at + 1;
    *number = value;
    return true;
}

/* pager-restarts=N or unlimited; @option may be NULL. */
static void
supervisor_limit_restarts(const char *option)
{
    const char *at = option;
    uint64_t restarts;

    if (option == NULL) {
        return;
    }
    if (strcmp(option, "unlimited") == 0) {
        supervisor_pager.restarts_most = 0;
    } else if (supervisor_read_number(&at, '\0', &restarts) && restarts > 0
               && restarts < STARTS_RING) {
        supervisor_pager.restarts_most = restarts;
    } else {
        klog("secos: pager-restarts=%s is not a number from 1 to %u", option,
             STARTS_RING - 1);
    }
}

/* pager-limits=SOFT:HARD:RUN_SOFT:RUN_HARD:GRACE; @option may be NULL. */
static void
supervisor_limit_pager(const char *option)
{
    uint64_t ms[PAGER_LIMITS];
    const char *at = option;
    bool good = true;

    if (option == NULL) {
        return;
    }
    for (unsigned i = 0; i < PAGER_LIMITS && good; i++) {
        good = supervisor_read_number(&at, i + 1 < PAGER_LIMITS ? ':' : '\0',
                                      &ms[i]);
    }
    if (!good || pager_watch_limit(supervisor_endpoint, ms) != ST_OK) {
        klog("secos: pager-limits=%s is not five times in milliseconds, each "
             "soft one below its hard one",
             option);
    }
}

void
supervisor_init(void)
{
    struct binding_spec spec = {
        .badge = 1,
        .pages = USER_END >> PAGE_SHIFT,
        .max_prot = PROT_READ | PROT_WRITE | PROT_EXEC,
    };
    const char *first = modules_option("init");

    if (first != NULL && first[0] != '\0') {
        supervisor_first.name = first;
    }
    supervisor_exit_with_init = modules_option("exit-with-init") != NULL;
    if (endpoint_create(RANK_PAGER, NULL, &supervisor_endpoint) != ST_OK) {
        panic("supervisor: no memory for the boot pager's endpoint");
    }
    spec.endpoint = supervisor_endpoint;
    if (binding_create(&spec, &supervisor_binding) != ST_OK) {
        panic("supervisor: no memory for the boot pager's binding");
    }
    /* The kernel's own claim: the endpoint is never dead. */
    supervisor_endpoint->receive_handles = 1;
    supervisor_limit_restarts(modules_option("pager-restarts"));
    supervisor_limit_pager(modules_option("pager-limits"));
    list_init(&supervisor_thread.run_link);
    list_init(&supervisor_thread.wait_link);
    list_init(&supervisor_thread.deadline_link);
    supervisor_thread.resume = RESUME_KERNEL;
    supervisor_thread.continuation = supervisor_run;
    supervisor_thread.base_priority = PRIORITY_SUPERVISOR;
    supervisor_thread.priority = PRIORITY_SUPERVISOR;
    sched_add(&supervisor_thread);
}

/* ---- the boot pager, seen from outside --------------------------------- */

void
supervisor_pager_info(struct pager_info *out)
{
    const struct service *service = &supervisor_pager;

    memset(out, 0, sizeof(*out));
    out->alive = service->process != NULL && !service->process->ending;
    out->process_id = service->process == NULL ? 0 : service->process->id;
    out->restarts = service->starts - 1;
    out->faults_served = supervisor_endpoint->faults_served;
    out->faults_waiting = supervisor_endpoint->waiting;
    out->faults_redelivered = supervisor_endpoint->faults_redelivered;
    out->strikes = supervisor_endpoint->strikes;
    out->last_death_ns = service->died_ns;
    strlcpy(out->last_death, service->death, sizeof(out->last_death));
    pager_watch_limits(supervisor_endpoint, out->limits_ms);
    out->restarts_most = service->restarts_most;
}

void
supervisor_pager_failed(const struct process *process, const char *why)
{
    if (process == supervisor_pager.process) {
        supervisor_pager_verdict = why;
    }
}

enum status
supervisor_kill_pager(void)
{
    if (supervisor_pager.process == NULL || supervisor_pager.process->ending) {
        return ST_ESRCH;
    }
    supervisor_pager_verdict = "killed";
    process_kill(supervisor_pager.process);
    return ST_OK;
}
