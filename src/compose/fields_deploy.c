/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of build, deploy, develop and the hooks of a service. */
#include "fields.h"

/* ---- requests for devices: gpus, deploy.resources.reservations.devices ---- */

static const struct wh_type count = {.kinds = WH_K_STR | WH_K_INT, .form = WH_FORM_COUNT};
static const struct wh_field gpu_fields[] = {
    {"capabilities", &wh_type_unique_texts, 0, NULL, "what the device must be able to do"},
    {"driver", &wh_type_text, 0, NULL, "vendor's driver"},
    {"count", &count, 0, NULL, "how many, or all"},
    {"device_ids", &wh_type_unique_texts, 0, NULL, "which ones; not together with count"},
    {"options", &wh_type_pairs, 0, NULL, "for the driver"},
    {0},
};
static const struct wh_field device_request_fields[] = {
    {"capabilities", &wh_type_unique_texts, WH_FIELD_REQUIRED, NULL, "what the device must be able to do"},
    {"driver", &wh_type_text, 0, NULL, "vendor's driver"},
    {"count", &count, 0, NULL, "how many, or all"},
    {"device_ids", &wh_type_unique_texts, 0, NULL, "which ones; not together with count"},
    {"options", &wh_type_pairs, 0, NULL, "for the driver"},
    {0},
};
static const struct wh_type device_request = {
    .kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = device_request_fields, .no_extensions = true};
static const struct wh_type device_requests = {.kinds = WH_K_LIST, .form = WH_FORM_LIST, .items = &device_request};
static const struct wh_type gpu = {
    .kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = gpu_fields, .open = true, .no_extensions = true};
static const char *const gpu_words[] = {"all", NULL};
const struct wh_type wh_type_gpus = {
    .kinds = WH_K_STR | WH_K_LIST, .form = WH_FORM_LIST, .must = "string", .words = gpu_words, .items = &gpu};

/* ---- build ---- */

static const struct wh_type text_of_bool = {.kinds = WH_K_BOOL | WH_K_STR, .form = WH_FORM_TEXT};
static const struct wh_type ssh_value = {.kinds = WH_K_BOOL | WH_K_NULL | WH_K_NUMBER | WH_K_STR, .form = WH_FORM_KEEP};
static const struct wh_type ssh = {.kinds = WH_K_MAP | WH_K_LIST,
                                   .form = WH_FORM_SSH,
                                   .must = "mapping",
                                   .values = &ssh_value,
                                   .items = &wh_type_text,
                                   .unique = true,
                                   .no_empty_key = true};
static const struct wh_field build_fields[] = {
    {"context", &wh_type_text, 0, NULL, "folder or URL of the sources"},
    {"dockerfile", &wh_type_text, 0, NULL, "recipe, relative to the context"},
    {"dockerfile_inline", &wh_type_text, 0, NULL, "text of the recipe"},
    {"entitlements", &wh_type_texts, 0, NULL, "extra rights of the build"},
    {"args", &wh_type_env, 0, NULL, "build arguments"},
    {"provenance", &text_of_bool, 0, NULL, "provenance attestation"},
    {"sbom", &text_of_bool, 0, NULL, "bill of materials"},
    {"ssh", &ssh, 0, NULL, "keys or agents the build may use"},
    {"labels", &wh_type_pairs, 0, NULL, "labels of the image"},
    {"cache_from", &wh_type_texts, 0, NULL, "where layers may be taken from"},
    {"cache_to", &wh_type_texts, 0, NULL, "where layers are exported to"},
    {"no_cache", &wh_type_bool, 0, NULL, "run every step again"},
    {"no_cache_filter", &wh_type_any_text_or_texts, 0, NULL, "stages to run again"},
    {"additional_contexts", &wh_type_pairs, 0, NULL, "named contexts: path, URL or service:name"},
    {"pull", &wh_type_bool, 0, NULL, "always ask the registry for base images"},
    {"extra_hosts", &wh_type_hosts, 0, NULL, "names for /etc/hosts while building"},
    {"isolation", &wh_type_text, WH_FIELD_UNSUPPORTED, NULL, "Windows only"},
    {"network", &wh_type_text, 0, NULL, "network of RUN: default, none, host"},
    {"target", &wh_type_text, 0, NULL, "stage to build"},
    {"secrets", &wh_type_file_refs, 0, NULL, "secrets that RUN may mount"},
    {"shm_size", &wh_type_bytes_int, 0, NULL, "size of /dev/shm while building"},
    {"tags", &wh_type_texts, 0, NULL, "further names of the image"},
    {"ulimits", &wh_type_build_ulimits, 0, NULL, "limits while building"},
    {"platforms", &wh_type_texts, 0, NULL, "platforms to build for"},
    {"privileged", &wh_type_bool, 0, NULL, "build with all rights"},
    {0},
};
const struct wh_type wh_type_build = {
    .kinds = WH_K_STR | WH_K_MAP, .form = WH_FORM_STRUCT, .must = "string", .fields = build_fields};

/* ---- deploy ---- */

static const char *const update_orders[] = {"start-first", "stop-first", NULL};
static const struct wh_type update_order = {.kinds = WH_K_STR, .form = WH_FORM_TEXT, .words = update_orders};
static const struct wh_field update_fields[] = {
    {"parallelism", &wh_type_opt_natural, 0, NULL, "containers replaced at once, 0 = all"},
    {"delay", &wh_type_duration, 0, NULL, "pause between batches"},
    {"failure_action", &wh_type_text, 0, NULL, "pause, continue or rollback"},
    {"monitor", &wh_type_duration, 0, NULL, "how long a failure counts against the update"},
    {"max_failure_ratio", &wh_type_real, 0, NULL, "failures to tolerate"},
    {"order", &update_order, 0, NULL, "which container goes first"},
    {0},
};
static const struct wh_type update = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = update_fields};

static const struct wh_type amount = {.kinds = WH_K_NUMBER | WH_K_STR, .form = WH_FORM_INT};
static const struct wh_field generic_spec_fields[] = {
    {"kind", &wh_type_text, WH_FIELD_ALWAYS, NULL, "name of the resource"},
    {"value", &amount, WH_FIELD_ALWAYS, NULL, "amount"},
    {0},
};
static const struct wh_type generic_spec = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = generic_spec_fields};
static const struct wh_field generic_fields[] = {
    {"discrete_resource_spec", &generic_spec, 0, NULL, "countable resource"}, {0}};
static const struct wh_type generic = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = generic_fields};
static const struct wh_type generics = {.kinds = WH_K_LIST, .form = WH_FORM_LIST, .items = &generic};
static const struct wh_type memory = {.kinds = WH_K_STR, .form = WH_FORM_BYTES};

static const struct wh_field limit_fields[] = {
    {"cpus", &wh_type_real, 0, NULL, "processors"},
    {"memory", &memory, 0, NULL, "bytes"},
    {"pids", &wh_type_int, 0, NULL, "processes"},
    {0},
};
static const struct wh_field reservation_fields[] = {
    {"cpus", &wh_type_real, 0, NULL, "processors"},
    {"memory", &memory, 0, NULL, "bytes that are kept for the service"},
    {"devices", &device_requests, 0, NULL, "devices the service needs"},
    {"generic_resources", &generics, WH_FIELD_UNSUPPORTED, NULL, "resources of a cluster's nodes"},
    {0},
};
static const struct wh_type limits = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = limit_fields};
static const struct wh_type reservations = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = reservation_fields};
static const struct wh_field resource_fields[] = {
    {"limits", &limits, 0, NULL, "upper bounds"},
    {"reservations", &reservations, 0, NULL, "lower bounds"},
    {0},
};
static const struct wh_type resources = {.kinds = WH_K_MAP, .form = WH_FORM_SECTION, .fields = resource_fields};

static const struct wh_field restart_policy_fields[] = {
    {"condition", &wh_type_text, 0, NULL, "none, on-failure or any"},
    {"delay", &wh_type_opt_duration, 0, NULL, "pause before a restart"},
    {"max_attempts", &wh_type_opt_natural, 0, NULL, "restarts before giving up"},
    {"window", &wh_type_opt_duration, 0, NULL, "running this long counts as success"},
    {0},
};
static const struct wh_type restart_policy = {
    .kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = restart_policy_fields};

static const struct wh_field preference_fields[] = {{"spread", &wh_type_text, 0, NULL, "label to spread over"}, {0}};
static const struct wh_type preference = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = preference_fields};
static const struct wh_type preferences = {.kinds = WH_K_LIST, .form = WH_FORM_LIST, .items = &preference};
static const struct wh_field placement_fields[] = {
    {"constraints", &wh_type_texts, 0, NULL, "conditions on nodes"},
    {"preferences", &preferences, 0, NULL, "how to spread"},
    {"max_replicas_per_node", &wh_type_natural, 0, NULL, "upper bound per node"},
    {0},
};
static const struct wh_type placement = {.kinds = WH_K_MAP, .form = WH_FORM_SECTION, .fields = placement_fields};

static const struct wh_field deploy_fields[] = {
    {"mode", &wh_type_text, 0, NULL, "replicated or global"},
    {"replicas", &wh_type_opt_int, 0, NULL, "number of containers"},
    {"labels", &wh_type_pairs, 0, NULL, "labels of the service"},
    {"update_config", &update, WH_FIELD_UNSUPPORTED, NULL, "how containers are replaced"},
    {"rollback_config", &update, WH_FIELD_UNSUPPORTED, NULL, "how a failed update is undone"},
    {"resources", &resources, WH_FIELD_JSON_EMPTY, NULL, "limits and reservations"},
    {"restart_policy", &restart_policy, 0, NULL, "when ended containers are started again"},
    {"placement", &placement, WH_FIELD_UNSUPPORTED | WH_FIELD_JSON_EMPTY, NULL, "nodes of a cluster"},
    {"endpoint_mode", &wh_type_text, WH_FIELD_UNSUPPORTED, NULL, "vip or dnsrr"},
    {0},
};
const struct wh_type wh_type_deploy = {
    .kinds = WH_K_MAP | WH_K_NULL, .form = WH_FORM_STRUCT, .must = "mapping or null", .fields = deploy_fields};

/* ---- hooks ---- */

#define HOOK_FIELDS                                                                                                    \
    {"user", &wh_type_text, 0, NULL, "user that runs it"}, {"privileged", &wh_type_bool, 0, NULL, "with all rights"},  \
        {"working_dir", &wh_type_text, 0, NULL, "folder it starts in"},                                                \
    {                                                                                                                  \
        "environment", &wh_type_env, 0, NULL, "further variables"                                                      \
    }

#define HOOK_COMMAND(flags)                                                                                            \
    {                                                                                                                  \
        "command", &wh_type_command, (flags) | WH_FIELD_JSON_NULL, NULL, "what runs"                                   \
    }

static const struct wh_field hook_fields[] = {HOOK_COMMAND(WH_FIELD_REQUIRED), HOOK_FIELDS, {0}};
static const struct wh_field start_hook_fields[] = {
    HOOK_COMMAND(0u),
    {"image", &wh_type_text, 0, NULL, "image of the container it runs in"},
    HOOK_FIELDS,
    {"per_replica", &wh_type_bool, 0, NULL, "once for each container"},
    {0},
};
static const struct wh_type hook = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = hook_fields};
static const struct wh_type start_hook = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = start_hook_fields};
const struct wh_type wh_type_hooks = {.kinds = WH_K_LIST, .form = WH_FORM_LIST, .items = &hook};
const struct wh_type wh_type_start_hooks = {.kinds = WH_K_LIST, .form = WH_FORM_LIST, .items = &start_hook};

/* ---- develop ---- */

static const char *const watch_actions[] = {"rebuild", "sync", "restart", "sync+restart", "sync+exec", NULL};
static const struct wh_type watch_action = {.kinds = WH_K_STR, .form = WH_FORM_TEXT, .words = watch_actions};
static const struct wh_type watch_exec = {.kinds = WH_K_MAP, .form = WH_FORM_SECTION, .fields = hook_fields};
static const struct wh_type initial_sync = {.kinds = WH_K_BOOL, .form = WH_FORM_BOOL};
static const struct wh_field watch_fields[] = {
    {"path", &wh_type_text, WH_FIELD_REQUIRED, NULL, "file or folder to watch"},
    {"action", &watch_action, WH_FIELD_REQUIRED, NULL, "what a change does"},
    {"target", &wh_type_text, 0, NULL, "place inside the container"},
    {"exec", &watch_exec, WH_FIELD_JSON_EMPTY, NULL, "command of sync+exec"},
    {"include", &wh_type_text_or_texts, 0, NULL, "only these names"},
    {"ignore", &wh_type_text_or_texts, 0, NULL, "not these names"},
    {"initial_sync", &initial_sync, 0, NULL, "copy once at the start"},
    {0},
};
static const struct wh_type watch_rule = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = watch_fields};
static const struct wh_type watch_rules = {.kinds = WH_K_LIST, .form = WH_FORM_LIST, .items = &watch_rule};
static const struct wh_field develop_fields[] = {{"watch", &watch_rules, 0, NULL, "rules of `watch`"}, {0}};
const struct wh_type wh_type_develop = {
    .kinds = WH_K_MAP | WH_K_NULL, .form = WH_FORM_STRUCT, .must = "mapping or null", .fields = develop_fields};
