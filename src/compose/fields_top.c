/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of the file itself and of its networks, volumes, configs, secrets and models. */
#include "fields.h"

static const struct wh_field range_fields[] = {
    {"subnet", &wh_type_text, 0, NULL, "address range, CIDR"},
    {"gateway", &wh_type_text, 0, NULL, "address of the bridge"},
    {"ip_range", &wh_type_text, 0, NULL, "part that containers get"},
    {"aux_addresses", &wh_type_text_pairs, 0, NULL, "addresses that are taken"},
    {0},
};
static const struct wh_type range = {
    .kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = range_fields, .no_extensions = true};
static const struct wh_type ranges = {.kinds = WH_K_LIST, .form = WH_FORM_LIST, .items = &range};
static const struct wh_field ipam_fields[] = {
    {"driver", &wh_type_text, 0, NULL, "default"},
    {"config", &ranges, 0, NULL, "address ranges"},
    {"options", &wh_type_text_pairs, 0, NULL, "of the driver"},
    {0},
};
static const struct wh_type ipam = {.kinds = WH_K_MAP, .form = WH_FORM_SECTION, .fields = ipam_fields};

static const struct wh_field network_fields[] = {
    {"name", &wh_type_text, 0, NULL, "name on the host"},
    {"driver", &wh_type_text, 0, NULL, "bridge"},
    {"driver_opts", &wh_type_driver_opts, 0, NULL, "options of the driver"},
    {"ipam", &ipam, WH_FIELD_JSON_EMPTY, NULL, "addresses"},
    {"external", &wh_type_external, 0, NULL, "made by somebody else"},
    {"internal", &wh_type_bool, 0, NULL, "no way out"},
    {"attachable", &wh_type_bool, 0, NULL, "others may join"},
    {"labels", &wh_type_pairs, 0, NULL, "labels of the network"},
    {"enable_ipv4", &wh_type_opt_bool, 0, NULL, "with IPv4 addresses"},
    {"enable_ipv6", &wh_type_opt_bool, 0, NULL, "with IPv6 addresses"},
    {0},
};
static const struct wh_field volume_fields[] = {
    {"name", &wh_type_text, 0, NULL, "name on the host"},
    {"driver", &wh_type_text, 0, NULL, "local"},
    {"driver_opts", &wh_type_driver_opts, 0, NULL, "type, o, device"},
    {"external", &wh_type_external, 0, NULL, "made by somebody else"},
    {"labels", &wh_type_pairs, 0, NULL, "labels of the volume"},
    {0},
};
static const struct wh_field config_fields[] = {
    {"name", &wh_type_text, 0, NULL, "full name"},
    {"file", &wh_type_text, 0, NULL, "file with the content"},
    {"environment", &wh_type_text, 0, NULL, "variable with the content"},
    {"content", &wh_type_text, 0, NULL, "the content itself"},
    {"external", &wh_type_open_external, 0, NULL, "made by somebody else"},
    {"labels", &wh_type_pairs, 0, NULL, "labels"},
    {"template_driver", &wh_type_text, WH_FIELD_UNSUPPORTED, NULL, "template language of the content"},
    {0},
};
static const struct wh_type secret_option = {
    .kinds = WH_K_INT | WH_K_STR, .form = WH_FORM_KEEP, .must = "number or string", .decoded = true};
static const struct wh_type secret_options = {.kinds = WH_K_MAP, .form = WH_FORM_PAIRS, .values = &secret_option};
static const struct wh_field secret_fields[] = {
    {"name", &wh_type_text, 0, NULL, "full name"},
    {"file", &wh_type_text, 0, NULL, "file with the content"},
    {"environment", &wh_type_text, 0, NULL, "variable with the content"},
    {"external", &wh_type_open_external, 0, NULL, "made by somebody else"},
    {"labels", &wh_type_pairs, 0, NULL, "labels"},
    {"driver", &wh_type_text, WH_FIELD_UNSUPPORTED, NULL, "secret store"},
    {"driver_opts", &secret_options, WH_FIELD_UNSUPPORTED, NULL, "its options"},
    {"template_driver", &wh_type_text, WH_FIELD_UNSUPPORTED, NULL, "template language of the content"},
    {0},
};
static const struct wh_type context_size = {.kinds = WH_K_INT, .form = WH_FORM_INT};
static const struct wh_field model_fields[] = {
    {"name", &wh_type_text, 0, NULL, "full name"},
    {"model", &wh_type_text, WH_FIELD_REQUIRED, NULL, "artifact of the model"},
    {"context_size", &context_size, 0, NULL, "tokens"},
    {"runtime_flags", &wh_type_texts, 0, NULL, "flags of the runner"},
    {0},
};

static const struct wh_type network = {
    .kinds = WH_K_MAP | WH_K_NULL, .form = WH_FORM_STRUCT, .must = "mapping or null", .fields = network_fields};
static const struct wh_type volume = {
    .kinds = WH_K_MAP | WH_K_NULL, .form = WH_FORM_STRUCT, .must = "mapping or null", .fields = volume_fields};
static const struct wh_type config = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = config_fields};
static const struct wh_type secret = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = secret_fields};
static const struct wh_type model = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = model_fields};

#define MAP_OF(type)                                                                                                   \
    {                                                                                                                  \
        .kinds = WH_K_MAP, .form = WH_FORM_MAP, .values = (type), .names = true                                        \
    }
static const struct wh_type services = MAP_OF(&wh_type_service);
static const struct wh_type networks = {.kinds = WH_K_MAP, .form = WH_FORM_MAP, .values = &network};
static const struct wh_type volumes = MAP_OF(&volume);
static const struct wh_type configs = MAP_OF(&config);
static const struct wh_type secrets = MAP_OF(&secret);
static const struct wh_type models = {.kinds = WH_K_MAP, .form = WH_FORM_MAP, .values = &model};
static const struct wh_type version = {.kinds = WH_K_STR, .form = WH_FORM_TEXT};
static const struct wh_type include = {.kinds = WH_K_LIST, .form = WH_FORM_KEEP, .items = &wh_type_any};

static const struct wh_field root_fields[] = {
    {"name", &wh_type_text, 0, NULL, "name of the project"},
    {"version", &version, WH_FIELD_SKIP, NULL, "obsolete, ignored"},
    {"include", &include, WH_FIELD_SKIP, NULL, "further files"},
    {"services", &services, WH_FIELD_JSON_EMPTY, NULL, "what runs"},
    {"networks", &networks, 0, NULL, "networks of the project"},
    {"volumes", &volumes, 0, NULL, "volumes of the project"},
    {"secrets", &secrets, 0, NULL, "secrets of the project"},
    {"configs", &configs, 0, NULL, "configs of the project"},
    {"models", &models, WH_FIELD_JSON_SKIP, NULL, "AI models of the project"},
    {0},
};
const struct wh_type wh_type_root = {.kinds = WH_K_MAP, .form = WH_FORM_STRUCT, .fields = root_fields};
