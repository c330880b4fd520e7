/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of a service's attributes, in the order in which `config` prints them. */
#include "fields.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* ---- patterns that docker compose checks anywhere inside the text ---- */

static bool matches_container_name(const char *text)
{
    for (; text[0]; text++)
        if (isalnum((unsigned char)text[0]) && (isalnum((unsigned char)text[1]) || (text[1] && strchr("_.-", text[1]))))
            return true;
    return false;
}

static bool matches_every(const char *text)
{
    const char *at = strstr(text, "every_");
    for (; at; at = strstr(at + 1, "every_")) {
        size_t digits = strspn(at + 6, "0123456789");
        if (digits && at[6 + digits] && strchr("wdhms", at[6 + digits]))
            return true;
    }
    return false;
}

static bool matches_pull_policy(const char *text)
{
    static const char *const words[] = {"always",  "never",   "build", "if_not_present",
                                        "missing", "refresh", "daily", "weekly"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strstr(text, words[i]))
            return true;
    return matches_every(text);
}

/* ---- structures of single attributes ---- */

static const struct wh_type weight = {.kinds = WH_K_INT | WH_K_STR, .form = WH_FORM_WEIGHT, .natural = 16};
static const struct wh_field weight_fields[] = {
    {"path", &wh_type_text, WH_FIELD_ALWAYS, "Path", "device"},
    {"weight", &weight, WH_FIELD_ALWAYS, "Weight", "10 to 1000"},
    {0},
};
static const struct wh_field rate_fields[] = {
    {"path", &wh_type_text, WH_FIELD_ALWAYS, "Path", "device"},
    {"rate", &wh_type_bytes_int, WH_FIELD_ALWAYS, "Rate", "bytes or operations a second"},
    {0},
};
static const struct wh_type weight_item = {
    .kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = weight_fields, .closed = true};
static const struct wh_type rate_item = {
    .kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = rate_fields, .closed = true};
static const struct wh_type weights = {.kinds = WH_K_LIST, .form = WH_FORM_LIST, .items = &weight_item};
static const struct wh_type rates = {.kinds = WH_K_LIST, .form = WH_FORM_LIST, .items = &rate_item};
static const struct wh_field blkio_fields[] = {
    {"weight", &weight, 0, NULL, "share of block I/O, 10 to 1000"},
    {"weight_device", &weights, 0, NULL, "shares by device"},
    {"device_read_bps", &rates, 0, NULL, "bytes read a second"},
    {"device_read_iops", &rates, 0, NULL, "reads a second"},
    {"device_write_bps", &rates, 0, NULL, "bytes written a second"},
    {"device_write_iops", &rates, 0, NULL, "writes a second"},
    {0},
};
static const struct wh_type blkio = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = blkio_fields, .closed = true};

static const struct wh_field credential_fields[] = {
    {"config", &wh_type_text, 0, NULL, "a config of the file"},
    {"file", &wh_type_text, 0, NULL, "file"},
    {"registry", &wh_type_text, 0, NULL, "registry value"},
    {0},
};
static const struct wh_type credential = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = credential_fields};

static const char *const conditions[] = {"service_started", "service_healthy", "service_completed_successfully", NULL};
static const struct wh_type condition = {.kinds = WH_K_STR, .form = WH_FORM_TEXT, .words = conditions};
static const struct wh_type required = {.kinds = WH_K_BOOL, .form = WH_FORM_OPT_BOOL};
static const struct wh_field dependency_fields[] = {
    {"condition", &condition, WH_FIELD_REQUIRED, NULL, "what to wait for"},
    {"restart", &wh_type_bool, 0, NULL, "restart with the dependency"},
    {"required", &required, 0, NULL, "false: a missing one is only a warning"},
    {0},
};
static const struct wh_type dependency = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = dependency_fields};
static const struct wh_type depends_on = {.kinds = WH_K_LIST | WH_K_MAP,
                                          .form = WH_FORM_MAP,
                                          .must = "array",
                                          .values = &dependency,
                                          .items = &wh_type_text,
                                          .names = true,
                                          .unique = true};

static const struct wh_field device_fields[] = {
    {"source", &wh_type_text, WH_FIELD_REQUIRED, NULL, "device of the host"},
    {"target", &wh_type_text, 0, NULL, "name inside the container"},
    {"permissions", &wh_type_text, 0, NULL, "r, w, m"},
    {0},
};
static const struct wh_type device = {
    .kinds = WH_K_STR | WH_K_MAP, .form = WH_FORM_STRUCT, .must = "string", .fields = device_fields};
static const struct wh_type devices = {.kinds = WH_K_LIST, .form = WH_FORM_LIST, .items = &device};

static const struct wh_type opt_out = {.kinds = WH_K_BOOL | WH_K_STR, .form = WH_FORM_OPT_OUT};
static const struct wh_field env_file_fields[] = {
    {"path", &wh_type_text, WH_FIELD_REQUIRED, NULL, "file of KEY=VALUE lines"},
    {"required", &opt_out, 0, NULL, "false: may be missing"},
    {"format", &wh_type_text, 0, NULL, "raw: no quotes, no interpolation"},
    {0},
};
static const struct wh_type env_file = {
    .kinds = WH_K_STR | WH_K_MAP, .form = WH_FORM_STRUCT, .must = "string", .fields = env_file_fields, .closed = true};
static const struct wh_type env_files = {
    .kinds = WH_K_STR | WH_K_LIST, .form = WH_FORM_LIST, .must = "string", .items = &env_file};

static const struct wh_field extends_fields[] = {
    {"file", &wh_type_text, 0, NULL, "file that has it"},
    {"service", &wh_type_text, WH_FIELD_REQUIRED, NULL, "service to start from"},
    {0},
};
static const struct wh_type extends = {
    .kinds = WH_K_STR | WH_K_MAP, .form = WH_FORM_STRUCT, .must = "string", .fields = extends_fields, .closed = true};

static const struct wh_type option_scalar = {.kinds = WH_K_BOOL | WH_K_NUMBER | WH_K_STR, .form = WH_FORM_KEEP};
static const struct wh_type option_value = {.kinds = WH_K_BOOL | WH_K_NUMBER | WH_K_STR | WH_K_LIST,
                                            .form = WH_FORM_KEEP,
                                            .must = "boolean, number or string",
                                            .items = &option_scalar};
static const struct wh_type provider_options = {.kinds = WH_K_MAP, .form = WH_FORM_WORDS_MAP, .values = &option_value};
static const struct wh_field provider_fields[] = {
    {"type", &wh_type_text, WH_FIELD_REQUIRED, NULL, "program that provides the service"},
    {"options", &provider_options, 0, NULL, "its options"},
    {0},
};
static const struct wh_type provider = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = provider_fields};

static const struct wh_type number_or_text = {.kinds = WH_K_NUMBER | WH_K_STR, .form = WH_FORM_TEXT};
static const struct wh_type unique_numbers_or_texts = {
    .kinds = WH_K_LIST, .form = WH_FORM_TEXTS, .items = &number_or_text, .unique = true};

static const struct wh_type test = {
    .kinds = WH_K_STR | WH_K_LIST, .form = WH_FORM_TEST, .must = "string", .items = &wh_type_text};
static const struct wh_type retries = {.kinds = WH_K_NUMBER | WH_K_STR, .form = WH_FORM_OPT_INT, .natural = 64};
static const struct wh_field healthcheck_fields[] = {
    {"test", &test, 0, NULL, "command: CMD, CMD-SHELL or NONE first"},
    {"timeout", &wh_type_opt_duration, 0, NULL, "longest time of one check"},
    {"interval", &wh_type_opt_duration, 0, NULL, "pause between checks"},
    {"retries", &retries, 0, NULL, "failures until unhealthy"},
    {"start_period", &wh_type_opt_duration, 0, NULL, "failures do not count so long"},
    {"start_interval", &wh_type_opt_duration, 0, NULL, "pause between checks while starting"},
    {"disable", &wh_type_bool, 0, NULL, "no check, not even the image's"},
    {0},
};
static const struct wh_type healthcheck = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = healthcheck_fields};

static const struct wh_type log_option = {.kinds = WH_K_NULL | WH_K_NUMBER | WH_K_STR, .form = WH_FORM_KEEP};
static const struct wh_type log_options = {.kinds = WH_K_MAP, .form = WH_FORM_PAIRS, .values = &log_option};
static const struct wh_field logging_fields[] = {
    {"driver", &wh_type_text, 0, NULL, "json-file, local or none"},
    {"options", &log_options, 0, NULL, "max-size, max-file ..."},
    {0},
};
static const struct wh_type logging = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = logging_fields};

static const struct wh_field service_model_fields[] = {
    {"endpoint_var", &wh_type_text, 0, NULL, "variable that gets the URL"},
    {"model_var", &wh_type_text, 0, NULL, "variable that gets the name"},
    {0},
};
static const struct wh_type service_model = {
    .kinds = WH_K_MAP | WH_K_NULL, .form = WH_FORM_STRUCT, .must = "mapping or null", .fields = service_model_fields};
static const struct wh_type service_models = {.kinds = WH_K_LIST | WH_K_MAP,
                                              .form = WH_FORM_MAP,
                                              .must = "array",
                                              .values = &service_model,
                                              .items = &wh_type_text,
                                              .unique = true};

static const struct wh_type priority = {.kinds = WH_K_NUMBER, .form = WH_FORM_INT};
static const struct wh_field service_network_fields[] = {
    {"aliases", &wh_type_unique_texts, 0, NULL, "further names on this network"},
    {"driver_opts", &wh_type_driver_opts, 0, NULL, "options of the connection"},
    {"gw_priority", &priority, 0, NULL, "highest has the default route"},
    {"interface_name", &wh_type_text, 0, NULL, "name of the interface inside"},
    {"ipv4_address", &wh_type_text, 0, NULL, "fixed address"},
    {"ipv6_address", &wh_type_text, 0, NULL, "fixed address"},
    {"link_local_ips", &wh_type_unique_texts, 0, NULL, "link-local addresses"},
    {"mac_address", &wh_type_text, 0, NULL, "fixed MAC address"},
    {"priority", &priority, 0, NULL, "order of connecting"},
    {0},
};
static const struct wh_type service_network = {
    .kinds = WH_K_MAP | WH_K_NULL, .form = WH_FORM_STRUCT, .must = "mapping", .fields = service_network_fields};
static const struct wh_type service_networks = {.kinds = WH_K_LIST | WH_K_MAP,
                                                .form = WH_FORM_MAP,
                                                .must = "array",
                                                .values = &service_network,
                                                .items = &wh_type_text,
                                                .names = true,
                                                .unique = true};

static const struct wh_type published = {.kinds = WH_K_INT | WH_K_STR, .form = WH_FORM_TEXT};
static const struct wh_type port_number = {.kinds = WH_K_INT | WH_K_STR, .form = WH_FORM_INT, .natural = 32};
static const struct wh_field port_fields[] = {
    {"name", &wh_type_text, 0, NULL, "for people"},
    {"mode", &wh_type_text, 0, NULL, "host or ingress"},
    {"host_ip", &wh_type_text, 0, NULL, "address of the host"},
    {"target", &port_number, 0, NULL, "port of the container"},
    {"published", &published, 0, NULL, "port of the host, or a range"},
    {"protocol", &wh_type_text, 0, NULL, "tcp, udp or sctp"},
    {"app_protocol", &wh_type_text, 0, NULL, "for people"},
    {0},
};
static const struct wh_type port = {
    .kinds = WH_K_NUMBER | WH_K_STR | WH_K_MAP, .form = WH_FORM_STRUCT, .must = "number", .fields = port_fields};
static const struct wh_type ports = {.kinds = WH_K_LIST, .form = WH_FORM_LIST, .items = &port, .unique = true};

static const char *const recursive_words[] = {"enabled", "disabled", "writable", "readonly", NULL};
static const char *const selinux_words[] = {"z", "Z", NULL};
static const struct wh_type recursive = {.kinds = WH_K_STR, .form = WH_FORM_TEXT, .words = recursive_words};
static const struct wh_type selinux = {.kinds = WH_K_STR, .form = WH_FORM_TEXT, .words = selinux_words};
static const struct wh_field bind_fields[] = {
    {"selinux", &selinux, 0, NULL, "relabel: z shared, Z private"},
    {"propagation", &wh_type_text, 0, NULL, "rprivate, rshared, rslave ..."},
    {"create_host_path", &opt_out, 0, NULL, "make a missing folder"},
    {"recursive", &recursive, 0, NULL, "submounts"},
    {0},
};
static const struct wh_field volume_fields[] = {
    {"labels", &wh_type_pairs, 0, NULL, "labels of the volume"},
    {"nocopy", &wh_type_bool, 0, NULL, "do not fill from the image"},
    {"subpath", &wh_type_text, 0, NULL, "folder inside the volume"},
    {0},
};
static const struct wh_type tmpfs_mode = {.kinds = WH_K_NUMBER | WH_K_STR, .form = WH_FORM_PLAIN_MODE, .natural = 32};
static const struct wh_type tmpfs_size = {
    .kinds = WH_K_INT | WH_K_STR, .form = WH_FORM_BYTES, .must = "integer", .bounded = true, .min = 0, .max = HUGE_VAL};
static const struct wh_field tmpfs_fields[] = {
    {"size", &tmpfs_size, 0, NULL, "bytes"},
    {"mode", &tmpfs_mode, 0, NULL, "permissions"},
    {0},
};
static const struct wh_field image_mount_fields[] = {{"subpath", &wh_type_text, 0, NULL, "folder inside the image"},
                                                     {0}};
static const struct wh_type mount_bind = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = bind_fields};
static const struct wh_type mount_volume = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = volume_fields};
static const struct wh_type mount_tmpfs = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = tmpfs_fields};
static const struct wh_type mount_image = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = image_mount_fields};
static const char *const mount_types[] = {"bind", "volume", "tmpfs", "cluster", "npipe", "image", NULL};
static const struct wh_type mount_type = {.kinds = WH_K_STR, .form = WH_FORM_TEXT, .words = mount_types};
static const struct wh_field mount_fields[] = {
    {"type", &mount_type, WH_FIELD_REQUIRED, NULL, "what is mounted"},
    {"source", &wh_type_text, 0, NULL, "path, volume or image"},
    {"target", &wh_type_text, 0, NULL, "path inside the container"},
    {"read_only", &wh_type_bool, 0, NULL, "no writing"},
    {"consistency", &wh_type_text, 0, NULL, "macOS only"},
    {"bind", &mount_bind, 0, NULL, "options of bind mounts"},
    {"volume", &mount_volume, 0, NULL, "options of volumes"},
    {"tmpfs", &mount_tmpfs, 0, NULL, "options of tmpfs"},
    {"image", &mount_image, 0, NULL, "options of image mounts"},
    {0},
};
static const struct wh_type mount = {
    .kinds = WH_K_STR | WH_K_MAP, .form = WH_FORM_STRUCT, .must = "string", .fields = mount_fields};
static const struct wh_type mounts = {.kinds = WH_K_LIST, .form = WH_FORM_LIST, .items = &mount, .unique = true};

/* ---- single values with limits of their own ---- */

static const char *const cgroup_words[] = {"host", "private", NULL};
static const struct wh_type cgroup = {.kinds = WH_K_STR, .form = WH_FORM_TEXT, .words = cgroup_words};
static const struct wh_type cpu_count = {
    .kinds = WH_K_STR | WH_K_INT, .form = WH_FORM_INT, .must = "string", .bounded = true, .min = 0, .max = HUGE_VAL};
static const struct wh_type cpu_percent = {
    .kinds = WH_K_STR | WH_K_INT, .form = WH_FORM_REAL, .must = "string", .bounded = true, .min = 0, .max = 100};
static const struct wh_type oom_score = {
    .kinds = WH_K_STR | WH_K_INT, .form = WH_FORM_INT, .must = "string", .bounded = true, .min = -1000, .max = 1000};
static const struct wh_type whole = {.kinds = WH_K_NUMBER | WH_K_STR, .form = WH_FORM_INT};
static const struct wh_type pid_mode = {.kinds = WH_K_STR | WH_K_NULL, .form = WH_FORM_TEXT};
static const struct wh_type refresh_age = {.kinds = WH_K_STR, .form = WH_FORM_LAX_DURATION};
static const struct wh_type only_bool = {.kinds = WH_K_BOOL, .form = WH_FORM_BOOL};
static const struct wh_type container_name = {.kinds = WH_K_STR,
                                              .form = WH_FORM_TEXT,
                                              .pattern = "[a-zA-Z0-9][a-zA-Z0-9_.-]+",
                                              .matches = matches_container_name};
static const struct wh_type pull_policy = {
    .kinds = WH_K_STR,
    .form = WH_FORM_TEXT,
    .pattern = "always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+",
    .matches = matches_pull_policy};
static const struct wh_type storage_value = {
    .kinds = WH_K_STR | WH_K_INT | WH_K_NULL, .form = WH_FORM_KEEP, .decoded = true};
static const struct wh_type storage_opt = {.kinds = WH_K_MAP, .form = WH_FORM_PAIRS, .values = &storage_value};
static const struct wh_type label_files = {
    .kinds = WH_K_STR | WH_K_LIST, .form = WH_FORM_TEXTS, .must = "string", .items = &wh_type_text};

/* ---- the service ---- */

#define NOT_HERE WH_FIELD_UNSUPPORTED

static const struct wh_field service_fields[] = {
    {"profiles", &wh_type_unique_texts, 0, NULL, "only with one of these profiles"},
    {"annotations", &wh_type_pairs, NOT_HERE, NULL, "OCI annotations"},
    {"attach", &wh_type_opt_bool, 0, NULL, "false: `up` does not show its output"},
    {"build", &wh_type_build, 0, NULL, "how the image is built"},
    {"develop", &wh_type_develop, 0, NULL, "development settings"},
    {"blkio_config", &blkio, 0, NULL, "block I/O limits"},
    {"cap_add", &wh_type_unique_texts, 0, NULL, "capabilities to add"},
    {"cap_drop", &wh_type_unique_texts, 0, NULL, "capabilities to drop"},
    {"cgroup_parent", &wh_type_text, NOT_HERE, NULL, "control group above the container's"},
    {"cgroup", &cgroup, 0, NULL, "cgroup namespace"},
    {"cpu_count", &cpu_count, NOT_HERE, NULL, "Windows only"},
    {"cpu_percent", &cpu_percent, NOT_HERE, NULL, "Windows only"},
    {"cpu_period", &whole, 0, NULL, "microseconds"},
    {"cpu_quota", &whole, 0, NULL, "microseconds a period"},
    {"cpu_rt_period", &whole, 0, NULL, "microseconds"},
    {"cpu_rt_runtime", &whole, 0, NULL, "microseconds a period"},
    {"cpus", &wh_type_real, 0, NULL, "processors"},
    {"cpuset", &wh_type_text, 0, NULL, "processors by number"},
    {"cpu_shares", &whole, 0, NULL, "weight, 1024 is usual"},
    {"command", &wh_type_command, WH_FIELD_JSON_NULL, NULL, "replaces the image's command"},
    {"configs", &wh_type_file_refs, 0, NULL, "configs it sees"},
    {"container_name", &container_name, 0, NULL, "fixed name"},
    {"credential_spec", &credential, NOT_HERE, NULL, "Windows only"},
    {"depends_on", &depends_on, 0, NULL, "services that start first"},
    {"deploy", &wh_type_deploy, 0, NULL, "replicas, limits, updates"},
    {"device_cgroup_rules", &wh_type_unique_texts, 0, NULL, "device rules of the control group"},
    {"devices", &devices, 0, NULL, "devices of the host"},
    {"dns", &wh_type_text_or_texts, 0, NULL, "name servers"},
    {"dns_opt", &wh_type_unique_texts, 0, NULL, "resolver options"},
    {"dns_search", &wh_type_any_text_or_texts, 0, NULL, "search domains"},
    {"domainname", &wh_type_text, 0, NULL, "domain of the container"},
    {"entrypoint", &wh_type_command, WH_FIELD_JSON_NULL, NULL, "replaces the image's entrypoint"},
    {"provider", &provider, NOT_HERE, NULL, "an outside program stands for the service"},
    {"environment", &wh_type_env, 0, NULL, "variables"},
    {"env_file", &env_files, 0, NULL, "files of variables"},
    {"expose", &unique_numbers_or_texts, 0, NULL, "ports for other services"},
    {"extends", &extends, 0, NULL, "service to start from"},
    {"external_links", &wh_type_unique_texts, 0, NULL, "containers of other projects"},
    {"extra_hosts", &wh_type_hosts, 0, NULL, "lines for /etc/hosts"},
    {"group_add", &unique_numbers_or_texts, 0, NULL, "further groups"},
    {"gpus", &wh_type_gpus, 0, NULL, "graphics processors"},
    {"hostname", &wh_type_text, 0, NULL, "host name"},
    {"healthcheck", &healthcheck, 0, NULL, "how to tell that it works"},
    {"image", &wh_type_text, 0, NULL, "image to run"},
    {"init", &wh_type_opt_bool, 0, NULL, "run a small init as process 1"},
    {"ipc", &wh_type_text, 0, NULL, "IPC namespace"},
    {"isolation", &wh_type_text, 0, NULL, "Windows only"},
    {"labels", &wh_type_pairs, 0, NULL, "labels of the containers"},
    {"label_file", &label_files, 0, NULL, "files of labels"},
    {"links", &wh_type_unique_texts, 0, NULL, "services, with an alias"},
    {"logging", &logging, 0, NULL, "where output is kept"},
    {"mem_limit", &wh_type_bytes, 0, NULL, "bytes of memory"},
    {"mem_reservation", &wh_type_bytes_int, 0, NULL, "bytes that are kept for it"},
    {"memswap_limit", &wh_type_bytes, 0, NULL, "memory and swap, -1 = no limit"},
    {"mem_swappiness", &wh_type_bytes_int, 0, NULL, "0 to 100"},
    {"mac_address", &wh_type_text, 0, NULL, "MAC address"},
    {"models", &service_models, NOT_HERE, NULL, "AI models it uses"},
    {"network_mode", &wh_type_text, 0, NULL, "host, none, service:X ..."},
    {"networks", &service_networks, 0, NULL, "networks it joins"},
    {"oom_kill_disable", &wh_type_bool, 0, NULL, "cgroup v1 only"},
    {"oom_score_adj", &oom_score, 0, NULL, "-1000 to 1000"},
    {"pid", &pid_mode, 0, NULL, "process namespace"},
    {"pids_limit", &whole, 0, NULL, "processes, -1 = no limit"},
    {"platform", &wh_type_text, 0, NULL, "os/arch/variant"},
    {"ports", &ports, 0, NULL, "ports to publish"},
    {"privileged", &wh_type_bool, 0, NULL, "with all rights"},
    {"pull_policy", &pull_policy, 0, NULL, "when to pull"},
    {"pull_refresh_after", &refresh_age, WH_FIELD_SKIP, NULL, "age that makes `refresh` pull"},
    {"read_only", &wh_type_bool, 0, NULL, "root file system without writing"},
    {"restart", &wh_type_text, 0, NULL, "no, always, on-failure[:N], unless-stopped"},
    {"runtime", &wh_type_text, 0, NULL, "OCI runtime"},
    {"scale", &wh_type_opt_int, 0, NULL, "number of containers"},
    {"secrets", &wh_type_file_refs, 0, NULL, "secrets it sees"},
    {"security_opt", &wh_type_unique_texts, 0, NULL, "seccomp, apparmor, label, no-new-privileges"},
    {"shm_size", &wh_type_bytes, 0, NULL, "size of /dev/shm"},
    {"stdin_open", &wh_type_bool, 0, NULL, "keep standard input open"},
    {"stop_grace_period", &wh_type_opt_duration, 0, NULL, "time to stop before it is killed"},
    {"stop_signal", &wh_type_text, 0, NULL, "signal to stop with"},
    {"storage_opt", &storage_opt, NOT_HERE, NULL, "options of the storage driver"},
    {"sysctls", &wh_type_pairs, 0, NULL, "kernel settings of its namespaces"},
    {"tmpfs", &wh_type_any_text_or_texts, 0, NULL, "memory file systems"},
    {"tty", &wh_type_bool, 0, NULL, "with a terminal"},
    {"ulimits", &wh_type_ulimits, 0, NULL, "limits of its processes"},
    {"use_api_socket", &only_bool, NOT_HERE, NULL, "give it the engine's socket"},
    {"user", &wh_type_text, 0, NULL, "user[:group]"},
    {"userns_mode", &wh_type_text, 0, NULL, "user namespace"},
    {"uts", &wh_type_text, 0, NULL, "UTS namespace"},
    {"volumes", &mounts, 0, NULL, "what is mounted"},
    {"volumes_from", &wh_type_unique_texts, 0, NULL, "mounts of other services"},
    {"working_dir", &wh_type_text, 0, NULL, "folder it starts in"},
    {"pre_start", &wh_type_start_hooks, 0, NULL, "containers that run before"},
    {"post_start", &wh_type_hooks, 0, NULL, "commands after the start"},
    {"pre_stop", &wh_type_hooks, 0, NULL, "commands before the stop"},
    {0},
};

const struct wh_type wh_type_service = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = service_fields};
