/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Env files (.env, --env-file, env_file, label_file). The statement grammar follows docker compose's reader to the
 * letter, oddities included: `KEY: value`, bare keys, values in quotes over several lines, `\$` only in double quotes.
 */
#include "compose/internal.h"

#include "whale/codec/json.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

struct dotenv {
    struct wh_load *load;
    struct wh_env *vars;
    const char *file;
    const char *p, *end;
    const char *line_start;
    uint32_t line;
    struct wh_mark mark; /* of the statement being read */
    struct wh_err *err;
};

static struct wh_mark mark_here(const struct dotenv *d)
{
    return (struct wh_mark){.file = d->file, .line = d->line, .column = (uint32_t)(d->p - d->line_start) + 1};
}

static int fail_here(struct dotenv *d)
{
    wh_err_at(d->err, &d->mark);
    return -1;
}

static void advance(struct dotenv *d)
{
    if (*d->p++ == '\n') {
        d->line++;
        d->line_start = d->p;
    }
}

/* Blanks within a line; a no-break space and NEL count, too. */
static size_t blank_len(const char *p, const char *end)
{
    if (p < end && strchr("\t\v\f\r ", *p) && *p)
        return 1;
    if (end - p >= 2 && (unsigned char)p[0] == 0xC2 && ((unsigned char)p[1] == 0x85 || (unsigned char)p[1] == 0xA0))
        return 2;
    return 0;
}

static void skip_blanks(struct dotenv *d)
{
    for (size_t n; (n = blank_len(d->p, d->end)) > 0;)
        d->p += n;
}

/* To the first character of a statement. False at the end of the text. */
static bool skip_to_statement(struct dotenv *d)
{
    while (d->p < d->end) {
        skip_blanks(d);
        if (d->p < d->end && *d->p == '#')
            while (d->p < d->end && *d->p != '\n')
                d->p++;
        else if (d->p < d->end && *d->p != '\n')
            return true;
        if (d->p < d->end)
            advance(d);
    }
    return false;
}

static void skip_export(struct dotenv *d)
{
    static const char word[] = "export";
    size_t n = sizeof(word) - 1;
    if ((size_t)(d->end - d->p) <= n || memcmp(d->p, word, n) != 0 || !blank_len(d->p + n, d->end))
        return;
    d->p += n;
    skip_blanks(d);
}

/* ASCII letters and digits, and any character beyond ASCII (letters of other scripts). */
static bool is_key_char(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || (c && strchr("_.-[]", c));
}

static size_t line_len(const struct dotenv *d)
{
    const char *newline = memchr(d->p, '\n', (size_t)(d->end - d->p));
    return (size_t)((newline ? newline : d->end) - d->p);
}

static int fail_character(struct dotenv *d, const char *at)
{
    wh_auto_str character = {0}, name = {0};
    wh_json_quote(&character, at, 1, false);
    wh_json_quote(&name, d->p, line_len(d), false);
    wh_fail(d->err, WH_E_INVALID, "line %u: unexpected character %s in variable name %s", d->line, wh_str_c(&character),
            wh_str_c(&name));
    d->mark.column += (uint32_t)(at - d->p);
    return fail_here(d);
}

static void warn_nameless(struct dotenv *d)
{
    struct wh_diag *diag = wh_diag_warn(
        d->load->diags, &d->mark, "\"%.*s\" is read as the value of a variable without name", (int)line_len(d), d->p);
    wh_diag_hint(d->load->diags, diag, "end the file with a line feed, or write NAME=value");
}

/* Reads up to and including the separator. ret_bare: a line feed came instead of one. */
static int read_key(struct dotenv *d, const char **ret_key, bool *ret_bare)
{
    const char *start = d->p, *q = d->p;
    while (q < d->end && *q != '=' && *q != ':' && *q != '\n') {
        size_t blank = blank_len(q, d->end);
        if (!blank && !is_key_char(*q))
            return fail_character(d, q);
        q += blank ? blank : 1;
    }
    if (q == d->end) { /* an oddity of docker compose: a last line without = and line feed is a value without a name */
        *ret_bare = false;
        *ret_key = "";
        warn_nameless(d);
        return 0;
    }
    *ret_bare = *q == '\n';
    size_t len = (size_t)(q - start);
    while (len && isspace((unsigned char)start[len - 1]))
        len--;
    *ret_key = wh_arena_strndup(d->load->arena, start, len);
    if (!*ret_key)
        return wh_fail(d->err, WH_E_LIMIT, "out of memory");
    if (memchr(start, ' ', len)) {
        wh_fail(d->err, WH_E_INVALID, "line %u: key cannot contain a space", d->line);
        return fail_here(d);
    }
    d->p = q;
    advance(d);
    return 0;
}

/* ---- values ---- */

static const char *lookup_var(void *ctx, const char *name)
{
    return wh_env_get(((struct dotenv *)ctx)->vars, name);
}

static void warn_var(void *ctx, const char *name)
{
    struct dotenv *d = ctx;
    wh_compose_warn_unset(d->load, name, &d->mark);
}

/* What err holds is the template, or the part of it that cannot be read. */
static void fail_template(struct wh_err *err)
{
    wh_auto_str quoted = {0};
    wh_json_quote(&quoted, err->frame[0].text, strlen(err->frame[0].text), false);
    wh_fail(err, WH_E_INVALID, "Invalid template: %s", wh_str_c(&quoted));
}

static const char *expand_value(struct dotenv *d, const char *text)
{
    struct wh_template t = {.arena = d->load->arena, .ctx = d, .lookup = lookup_var, .unset = warn_var};
    const char *value = wh_template_expand(&t, text, d->err);
    if (value)
        return value;
    if (d->err && d->err->code == WH_E_INVALID)
        fail_template(d->err);
    fail_here(d);
    return NULL;
}

static const char *read_unquoted(struct dotenv *d)
{
    size_t len = line_len(d);
    const char *start = d->p;
    for (size_t i = 0; i + 1 < len; i++)
        if (start[i] == ' ' && start[i + 1] == '#') {
            len = i;
            break;
        }
    d->p += line_len(d);
    if (d->p < d->end)
        advance(d);
    while (len && isspace((unsigned char)start[len - 1]))
        len--;
    const char *text = wh_arena_strndup(d->load->arena, start, len);
    if (!text) {
        wh_fail(d->err, WH_E_LIMIT, "out of memory");
        return NULL;
    }
    return expand_value(d, text);
}

static void add_rune(struct wh_str *out, unsigned int code)
{
    if (code >= 0x80)
        wh_str_addc(out, (char)(0xC0 | code >> 6));
    wh_str_addc(out, (char)(code >= 0x80 ? 0x80 | (code & 0x3F) : code));
}

/* \0 and three octal digits are a character; with fewer only the zero vanishes. Returns how many bytes were used. */
static size_t read_octal(const char *p, struct wh_str *out)
{
    size_t n = 1;
    unsigned int code = 0;
    bool octal = true;
    for (; n < 4 && isdigit((unsigned char)p[n]); n++) {
        octal &= p[n] < '8';
        code = code * 8 + (unsigned int)(p[n] - '0');
    }
    if (n == 4 && octal && code > 0 && code <= 0xFF) {
        add_rune(out, code);
        return n;
    }
    wh_str_addc(out, '\\');
    wh_str_addn(out, p + 1, n - 1);
    return n;
}

/* p stands behind a backslash. Appends the character meant; returns how many bytes were used, 0 when none is. */
static size_t read_escape(const char *p, struct wh_str *out)
{
    static const char letters[] = "abfnrtv\"\\", meanings[] = "\a\b\f\n\r\t\v\"\\";
    const char *at = *p ? strchr(letters, *p) : NULL;
    if (at) {
        wh_str_addc(out, meanings[at - letters]);
        return 1;
    }
    if (*p == '$') {
        wh_str_add(out, "$$"); /* a dollar sign once it is expanded */
        return 1;
    }
    return *p == '0' ? read_octal(p, out) : 0;
}

static const char *expand_escapes(struct dotenv *d, const char *text)
{
    wh_auto_str out = {0};
    for (const char *p = text; *p; p++) {
        size_t used = *p == '\\' ? read_escape(p + 1, &out) : 0;
        if (!used)
            wh_str_addc(&out, *p);
        p += used;
    }
    return wh_arena_strndup(d->load->arena, wh_str_c(&out), out.len);
}

static int collect_quoted(struct dotenv *d, char quote, struct wh_str *out)
{
    bool escaped = false;
    for (; d->p < d->end; advance(d)) {
        char c = *d->p;
        if (c == quote && !escaped) {
            advance(d);
            return 0;
        }
        if (c == '\\' && !escaped) {
            escaped = true;
            continue;
        }
        if (escaped && c != quote)
            wh_str_addc(out, '\\');
        wh_str_addc(out, c);
        escaped = false;
    }
    return -1;
}

static const char *read_quoted(struct dotenv *d)
{
    const char *start = d->p;
    int shown = (int)line_len(d);
    char quote = *d->p++;
    wh_auto_str out = {0};
    if (collect_quoted(d, quote, &out) < 0) {
        wh_fail(d->err, WH_E_INVALID, "line %u: unterminated quoted value %.*s", d->line, shown, start);
        fail_here(d);
        return NULL;
    }
    const char *text = wh_arena_strndup(d->load->arena, wh_str_c(&out), out.len);
    if (text && quote == '"')
        text = expand_escapes(d, text);
    if (!text) {
        wh_fail(d->err, WH_E_LIMIT, "out of memory");
        return NULL;
    }
    return quote == '"' ? expand_value(d, text) : text;
}

static int set_key(struct dotenv *d, const char *key, const char *value)
{
    if (!value)
        return 0;
    return wh_env_set(d->vars, key, value, &d->mark) < 0 ? wh_fail(d->err, WH_E_LIMIT, "out of memory") : 0;
}

static int read_statement(struct dotenv *d)
{
    const char *key;
    bool bare;
    skip_export(d);
    d->mark = mark_here(d);
    if (read_key(d, &key, &bare) < 0)
        return -1;
    if (bare)
        return set_key(d, key, wh_env_get(d->vars, key));
    skip_blanks(d);
    bool quoted = d->p < d->end && (*d->p == '"' || *d->p == '\'');
    const char *value = quoted ? read_quoted(d) : read_unquoted(d);
    return value ? set_key(d, key, value) : -1;
}

/* `format: raw`: as `docker run --env-file`; nothing is stripped, unquoted or expanded. */
static int read_raw_line(struct dotenv *d)
{
    size_t len = line_len(d);
    const char *start = d->p;
    d->mark = mark_here(d);
    d->p += len;
    if (d->p < d->end)
        advance(d);
    len -= len && start[len - 1] == '\r';
    while (len && isspace((unsigned char)*start)) {
        start++;
        len--;
    }
    if (!len || *start == '#')
        return 0;
    const char *equals = memchr(start, '=', len);
    size_t key_len = equals ? (size_t)(equals - start) : len;
    const char *key = wh_arena_strndup(d->load->arena, start, key_len);
    const char *value = equals ? wh_arena_strndup(d->load->arena, equals + 1, len - key_len - 1) : NULL;
    if (!key || (equals && !value))
        return wh_fail(d->err, WH_E_LIMIT, "out of memory");
    if (!key_len)
        wh_fail(d->err, WH_E_INVALID, "no variable name on line '%.*s'", (int)len, start);
    else if (memchr(key, ' ', key_len) || memchr(key, '\t', key_len))
        wh_fail(d->err, WH_E_INVALID, "variable '%s' contains whitespaces", key);
    else
        return set_key(d, key, equals ? value : wh_env_get(d->vars, key));
    return fail_here(d);
}

/* No variable can hold it, so nothing behind it may be lost in silence: most often the file is not text in UTF-8. */
static int check_nul(struct dotenv *d)
{
    const char *nul = memchr(d->p, '\0', (size_t)(d->end - d->p));
    struct dotenv at = *d;
    while (nul && at.p < nul)
        advance(&at);
    if (!nul)
        return 0;
    d->mark = (struct wh_mark){.file = d->file, .line = at.line, .column = (uint32_t)(nul - at.line_start) + 1};
    wh_fail(d->err, WH_E_INVALID, "line %u: the file contains a NUL character", at.line);
    wh_err_hint(d->err, "save it as text in UTF-8");
    return fail_here(d);
}

int wh_dotenv_parse(struct wh_load *l, const char *text, size_t len, const char *file, enum wh_dotenv_format format,
                    struct wh_env *vars, struct wh_err *err)
{
    size_t bom = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    struct dotenv d = {.load = l,
                       .vars = vars,
                       .file = file,
                       .p = text + bom,
                       .end = text + len,
                       .line_start = text + bom,
                       .line = 1,
                       .err = err};
    if (check_nul(&d) < 0)
        return -1;
    if (format == WH_DOTENV_RAW) {
        while (d.p < d.end)
            if (read_raw_line(&d) < 0)
                return -1;
        return 0;
    }
    while (skip_to_statement(&d))
        if (read_statement(&d) < 0)
            return -1;
    return 0;
}

int wh_dotenv_read(struct wh_load *l, const char *path, enum wh_dotenv_format format, struct wh_env *vars,
                   struct wh_err *err)
{
    struct stat st;
    if (stat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 1;
    const struct wh_source *s = wh_compose_read(l, path, err);
    if (!s)
        return -1;
    if (wh_dotenv_parse(l, s->text, s->len, s->path, format, vars, err) < 0)
        return wh_wrap(err, format == WH_DOTENV_RAW ? "failed to parse env_file %s" : "failed to read %s", path);
    return 0;
}
