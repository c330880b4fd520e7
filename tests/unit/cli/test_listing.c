/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that only read records: whole command lines against records made by hand, output compared as text. */
#include "tests/unit/test.h"

#include "whale/cli.h"
#include "whale/state.h"
#include "whale/util/file.h"
#include "whale/util/time.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char root[] = "/tmp/wh-cli-XXXXXX";

/* ---- records --------------------------------------------------------------------------------------------------- */

static const struct wh_label labels[] = {
    {"com.docker.compose.project.config_files", "/p/compose.yaml"},
    {"k", "v"},
};
static const struct wh_port_rec ports[] = {{"127.0.0.1", 8001, 8000, "tcp"}, {"", 443, 443, "tcp"}, {"", 0, 53, "udp"}};
static const struct wh_mount_rec mounts[] = {
    {.type = "volume", .name = "proj_data", .source = "/x", .target = "/data"},
    {.type = "bind", .source = "/host/folder", .target = "/b"},
};

struct row {
    const char *service, *command;
    int number;
    bool oneoff;
    enum wh_container_status status;
    enum wh_health health;
    int exit_code;
    int age_s;
};

static const struct row rows[] = {
    {"web", "sh -c 'echo a rather long one'", 1, false, WH_CONTAINER_RUNNING, WH_HEALTH_HEALTHY, 0, 3},
    {"web", "sleep", 2, false, WH_CONTAINER_PAUSED, WH_HEALTH_NONE, 0, 90},
    {"db", "db", 1, false, WH_CONTAINER_EXITED, WH_HEALTH_NONE, 3, 7200},
    {"db", "db", 7, true, WH_CONTAINER_CREATED, WH_HEALTH_NONE, 0, 0},
};

static void save(size_t i, const char *project)
{
    const struct row *r = &rows[i];
    char id[WH_ID_LEN + 1], name[64];
    const char *argv[] = {r->command};
    const char *networks[] = {"proj_default"};
    int64_t now = wh_now_real_ns() - 300 * WH_NS_PER_MS, then = now - r->age_s * WH_NS_PER_S;
    memset(id, 'a' + (int)i, WH_ID_LEN);
    id[WH_ID_LEN] = '\0';
    snprintf(name, sizeof(name), r->oneoff ? "%s-%s-run-%d" : "%s-%s-%d", project, r->service, r->number);
    struct wh_container_rec rec = {
        .id = id,
        .name = name,
        .project = project,
        .service = r->service,
        .number = r->number,
        .oneoff = r->oneoff,
        .image = "busybox",
        .image_id = "sha256:0",
        .config_hash = "h",
        .created_ns = then,
        .labels = labels,
        .n_labels = WH_ARRAY_LEN(labels),
        .argv = argv,
        .n_argv = 1,
        .mounts = mounts,
        .n_mounts = WH_ARRAY_LEN(mounts),
        .networks = networks,
        .n_networks = 1,
        .log_driver = "json-file",
    };
    struct wh_container_state state = {
        .status = r->status,
        .health = r->health,
        .pid = getpid(),
        .pid_start = wh_state_process_start(getpid()),
        .boot_id = wh_state_boot_id(),
        .exit_code = r->exit_code,
        .error = "",
        .started_ns = then,
        .finished_ns = r->status == WH_CONTAINER_EXITED ? then : 0,
        .ports = ports,
        .n_ports = WH_ARRAY_LEN(ports),
    };
    wh_auto_err err = {0};
    if (wh_state_container_save_rec(&rec, &err) < 0 || wh_state_container_save_state(&rec, &state, &err) < 0)
        fail_msg("%s", wh_err_text(&err));
}

static void save_log(const char *project, size_t i, const char *text)
{
    char id[WH_ID_LEN + 1];
    memset(id, 'a' + (int)i, WH_ID_LEN);
    id[WH_ID_LEN] = '\0';
    wh_auto_free char *dir = wh_state_container_dir(project, id);
    wh_auto_free char *path = wh_fmt("%s/log.json", dir);
    assert_int_equal(wh_file_replace(path, text, strlen(text), 0600, WH_SYNC_NONE, NULL), 0);
}

static int make_records(void **state)
{
    assert_non_null(mkdtemp(root));
    wh_auto_free char *run = wh_fmt("%s/run", root);
    setenv("WHALE_COMPOSE_ROOT", root, 1);
    setenv("WHALE_COMPOSE_RUN", run, 1);
    setenv("TZ", "UTC", 1);
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++)
        save(i, "proj");
    save(2, "other");
    save_log("proj", 0,
             "{\"log\":\"first\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:01Z\"}\n"
             "{\"log\":\"third\\n\",\"stream\":\"stderr\",\"time\":\"2026-01-01T00:00:03Z\"}\n");
    save_log("proj", 2,
             "{\"log\":\"second\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:02Z\"}\n"
             "{\"log\":\"unfin\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:04Z\"}\n"
             "{\"log\":\"ished\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:05Z\"}\n");
    return 0;
}

static int remove_records(void **state)
{
    return wh_remove_tree(root, NULL);
}

/* ---- running a command line ------------------------------------------------------------------------------------ */

/* Words are separated by single blanks; an underscore stands for a blank inside a word. */
static int run(const char *line, struct wh_str *out)
{
    char path[] = "PATH=/bin", *envp[] = {path, NULL};
    static char program[] = "whale-compose", flag[] = "-p", project[] = "proj";
    char *argv[32] = {program, flag, project}, *save_ptr = NULL;
    int argc = 3;
    wh_auto_free char *copy = strdup(line);
    for (char *word = strtok_r(copy, " ", &save_ptr); word; word = strtok_r(NULL, " ", &save_ptr)) {
        argv[argc++] = word;
        for (char *c = word; *c; c++)
            *c = *c == '_' ? ' ' : *c;
    }
    wh_auto_fd file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    wh_auto_fd before = dup(STDOUT_FILENO);
    fflush(stdout);
    dup2(file, STDOUT_FILENO);
    int status = wh_cli_main(argc, argv, envp);
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    lseek(file, 0, SEEK_SET);
    wh_fd_read_all(file, 1 << 20, out, NULL);
    return status;
}

static void outputs(void **state)
{
    static const struct {
        const char *line;
        int status;
        const char *want;
    } cases[] = {
        {"ps --format {{.Name}}|{{.Status}}|{{.RunningFor}}", 0,
         "proj-web-1|Up 3 seconds (healthy)|3 seconds ago\nproj-web-2|Up About a minute (Paused)|About a minute ago\n"},
        {"ps -a --format {{.Name}}|{{.Status}}|{{.ExitCode}}", 0,
         "proj-db-1|Exited (3) 2 hours ago|3\nproj-db-run-7|Created|0\nproj-web-1|Up 3 seconds (healthy)|0\n"
         "proj-web-2|Up About a minute (Paused)|0\n"},
        {"ps --format table_{{.Service}}\\t{{.Command}}", 0,
         "SERVICE   COMMAND\nweb       \"sh -c 'echo a rathe\xe2\x80\xa6\"\nweb       \"sleep\"\n"},
        {"ps web --format {{.Ports}};{{.Mounts}};{{.LocalVolumes}};{{.Networks}};{{.Label_\"k\"}};{{len_.ID}}", 0,
         "53/udp, 0.0.0.0:443->443/tcp, [::]:443->443/tcp, 127.0.0.1:8001->8000/tcp;proj data,/host/folder;1;proj "
         "default;v;12\n"
         "53/udp, 0.0.0.0:443->443/tcp, [::]:443->443/tcp, 127.0.0.1:8001->8000/tcp;proj data,/host/folder;1;proj "
         "default;v;12\n"},
        {"ps --services", 0, "web\n"},
        {"ps --status exited --format {{.Name}}", 0, "proj-db-1\n"},
        {"ps --filter status=paused --format {{.Name}}", 0, "proj-web-2\n"},
        {"ps --filter name=x", 1, ""},
        {"ps nosuch", 1, ""},
        {"ps --format {{.NoSuch}}", 1, ""},
        {"ls --format {{.Name}}", 1, ""},
        {"ls -a", 0,
         "NAME                STATUS                                         CONFIG FILES\n"
         "other               exited(1)                                      /p/compose.yaml\n"
         "proj                created(1), exited(1), paused(1), running(1)   /p/compose.yaml\n"},
        {"ls --format json", 0,
         "[{\"Name\":\"proj\",\"Status\":\"paused(1), running(1)\",\"ConfigFiles\":\"/p/compose.yaml\"}]\n"},
        {"ls -a -q --filter name=^o", 0, "other\n"},
        {"port web 8000", 0, "127.0.0.1:8001\n"},
        {"port web 443", 0, "0.0.0.0:443\n"},
        {"port --index 2 web 443", 0, "0.0.0.0:443\n"},
        {"port --index 3 web 443", 1, ""},
        {"port web 53", 1, ""},
        {"port db 443", 1, ""},
        {"port web eighty", 1, ""},
        {"logs", 0, "web-1  | first\ndb-1   | second\nweb-1  | third\ndb-1   | unfinished\n"},
        {"logs --no-log-prefix -n 1", 0, "third\nunfinished\n"},
        {"logs -t --no-log-prefix web --until 2026-01-01T00:00:02Z", 0, "2026-01-01T00:00:01.000000000Z first\n"},
        {"logs --index 2 web", 0, ""},
        {"logs --since rubbish", 1, ""},
        {"logs nosuch", 0, ""},
        {"images --format json nosuch", 0, "null\n\n"},
        {"exec db true", 1, ""},
        {"version --short", 0, "0.1.0\n"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(cases); i++) {
        wh_auto_str out = {0};
        expect_int(cases[i].line, run(cases[i].line, &out), cases[i].status);
        for (size_t c = 0; c < out.len; c++)
            out.data[c] = out.data[c] == '_' ? ' ' : out.data[c];
        expect_str(cases[i].line, wh_str_c(&out), cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(outputs)};
    return cmocka_run_group_tests(tests, make_records, remove_records);
}
