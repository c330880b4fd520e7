/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Go templates: what each construct prints, and what is refused. */
#include "tests/unit/test.h"

#include "whale/codec/json.h"
#include "whale/codec/tmpl.h"

static const char record[] =
    "{\"Name\":\"p-web-1\",\"State\":\"running\",\"Health\":\"\",\"ExitCode\":3,\"On\":true,\"Ratio\":0.5,"
    "\"Ports\":[{\"URL\":\"0.0.0.0\",\"Port\":80},{\"URL\":\"::\",\"Port\":80}],\"None\":[],\"Map\":{\"b\":\"2\",\"a\":"
    "\"1\"},"
    "\"Nil\":null,\"Word\":\"h\xc3\xa9llo w\xc3\xb6rld\"}";
static const char methods[] = "{\"Label\":{\"k\":\"v\"}}";

static int execute(const char *text, bool heading, struct wh_str *out, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_node *fields, *more;
    struct wh_tmpl *t;
    assert_int_equal(wh_json_parse(&a, record, strlen(record), "record", &fields, err), 0);
    assert_int_equal(wh_json_parse(&a, methods, strlen(methods), "methods", &more, err), 0);
    if (wh_tmpl_parse(&a, text, &t, err) < 0)
        return -1;
    return wh_tmpl_execute(t, &(struct wh_tmpl_data){.fields = fields, .methods = more, .heading = heading}, out, err);
}

static void templates_print(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {"fixed text", "fixed text"},
        {"{{.Name}}|{{.ExitCode}}|{{.On}}|{{.Ratio}}", "p-web-1|3|true|0.5"},
        {"a  {{- .Name -}}  b", "ap-web-1b"},
        {"{{- /* a comment */ -}} x", "x"},
        {"{{.Ports}} {{.None}} {{.Map}}", "[{0.0.0.0 80} {:: 80}] [] map[b:2 a:1]"},
        {"{{if .Health}}yes{{else}}no{{end}}", "no"},
        {"{{if .Health}}a{{else if eq .State \"running\"}}b{{else}}c{{end}}", "b"},
        {"{{with .Name}}<{{.}}>{{end}}{{with .Health}}x{{else}}none{{end}}", "<p-web-1>none"},
        {"{{range .Ports}}{{.URL}}:{{.Port}} {{end}}", "0.0.0.0:80 :::80 "},
        {"{{range $i, $p := .Ports}}{{$i}}={{$p.URL}};{{end}}", "0=0.0.0.0;1=::;"},
        {"{{range $p := .Ports}}{{$p.Port}}{{$.State}}{{end}}", "80running80running"},
        {"{{range .None}}x{{else}}empty{{end}}", "empty"},
        {"{{range .Ports}}{{.Port}}{{break}}{{end}}", "80"},
        {"{{range .Ports}}{{if eq .URL \"::\"}}{{continue}}{{end}}{{.URL}}{{end}}", "0.0.0.0"},
        {"{{range $k, $v := .Map}}{{$k}}{{$v}}{{end}}", "b2a1"},
        {"{{$x := .Name}}{{$x}}{{$x = \"y\"}}{{$x}}", "p-web-1y"},
        {"{{.Label \"k\"}}[{{.Label \"none\"}}]", "v[]"},
        {"{{index .Map \"a\"}} {{(index .Ports 1).URL}} {{.Map.b}}", "1 :: 2"},
        {"{{len .Name}} {{len .Ports}} {{len .Map}}", "7 2 2"},
        {"{{json .Name}} {{json .Ports}} {{json .Nil}}",
         "\"p-web-1\" [{\"URL\":\"0.0.0.0\",\"Port\":80},{\"URL\":\"::\",\"Port\":80}] null"},
        {"{{upper .State}} {{lower \"ABC\"}} {{title \"a bc\"}}", "RUNNING abc A Bc"},
        {"{{join (split \"a,b,c\" \",\") \"-\"}}", "a-b-c"},
        {"{{split \"a,b\" \",\"}}{{split \"\" \",\"}}", "[a b][]"},
        {"{{pad \"x\" 1 2}}|{{pad \"\" 1 2}}|{{truncate .Word 4}}", " x  ||h\xc3\xa9ll"},
        {"{{.Name | upper | printf \"<%s>\"}}", "<P-WEB-1>"},
        {"{{printf \"%d %5d|%-5d|%05d %x %X\" .ExitCode 42 42 42 255 255}}", "3    42|42   |00042 ff FF"},
        {"{{printf \"%s|%10s|%-10s|%q|%.2s\" .State \"ab\" \"ab\" \"a\\\"b\" \"abc\"}}",
         "running|        ab|ab        |\"a\\\"b\"|ab"},
        {"{{printf \"%.1f %6.2f %v %t %T\" .Ratio 3.14159 .Ratio .On .Name}}", "0.5   3.14 0.5 true string"},
        {"{{printf \"%d %s %%\" \"a\"}}", "%!d(string=a) %!s(MISSING) %"},
        {"{{printf \"x\" 1 \"b\"}}", "x%!(EXTRA int=1, string=b)"},
        {"{{print 1 2 \"a\" \"b\" 3}} {{println \"x\" 1}}", "1 2ab3 x 1\n"},
        {"{{and .Name .Health}}|{{or .Health .Name}}|{{not .Health}}", "|p-web-1|true"},
        {"{{and true false (index .None 9)}}", "false"},
        {"{{eq .ExitCode 1 2 3}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 1.5 1}} {{ge \"a\" \"b\"}}",
         "true true true true true false"},
        {"{{slice .Name 2}} {{slice .Name 2 5}}", "web-1 web"},
        {"{{html \"<a&b>\"}} {{urlquery \"a b/c\"}}", "&lt;a&amp;b&gt; a+b%2Fc"},
        {"{{`raw \\n`}} {{\"tab\\there\"}} {{'a'}} {{-5}} {{0x10}} {{0.25}}", "raw \\n tab\there 97 -5 16 0.25"},
        {"{{if and (eq .State \"running\") (or .Health (gt .ExitCode 2))}}deep{{end}}", "deep"},
        {"{{.Map.nokey}}", "<no value>"},
        {"}} { {x} {", "}} { {x} {"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_str out = {0};
        wh_auto_err err = {0};
        if (execute(rows[i].text, false, &out, &err) < 0)
            fail_msg("%s: %s", rows[i].text, wh_err_text(&err));
        expect_str(rows[i].text, wh_str_c(&out), rows[i].want);
    }
}

static void mistakes_are_refused(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"{{.NoSuch}}", "can't evaluate field NoSuch"},
        {"{{.Name", "unclosed action"},
        {"{{", "missing value"},
        {"{{}}", "missing value"},
        {"{{nosuch .Name}}", "function \"nosuch\" not defined"},
        {"{{if .Name}}x", "unexpected EOF"},
        {"{{end}}", "unexpected {{end}}"},
        {"{{else}}", "unexpected {{else}}"},
        {"{{if .Name}}{{else}}{{else}}{{end}}", "unexpected {{else}}"},
        {"{{break}}", "outside {{range}}"},
        {"{{\"abc}}", "unterminated quoted string"},
        {"{{/* x }}", "unclosed comment"},
        {"{{.Name.Deep}}", "can't evaluate field Deep"},
        {"{{range .Name}}{{end}}", "range can't iterate"},
        {"{{index .Ports 9}}", "index out of range"},
        {"{{len 3}}", "len of type"},
        {"{{upper 3}}", "expected string"},
        {"{{eq 1 \"a\"}}", "incompatible types"},
        {"{{.Name \"x\"}}", "can't give argument to non-function"},
        {"{{$nope}}", "undefined variable"},
        {"{{len}}", "wrong number of args"},
        {"{{pad \"x\" 99999 0}}", "padding out of range"},
        {"{{12x}}", "bad number syntax"},
        {"{{.Name)}}", "unexpected"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_str out = {0};
        wh_auto_err err = {0};
        if (execute(rows[i].text, false, &out, &err) == 0)
            fail_msg("%s is accepted and prints \"%s\"", rows[i].text, wh_str_c(&out));
        expect_err(rows[i].text, &err, rows[i].want);
    }
}

static void nesting_is_limited(void **state)
{
    wh_auto_str text = {0}, out = {0};
    wh_auto_err err = {0};
    wh_str_add(&text, "{{");
    for (int i = 0; i < 1000; i++)
        wh_str_addc(&text, '(');
    wh_str_add(&text, "1");
    for (int i = 0; i < 1000; i++)
        wh_str_addc(&text, ')');
    wh_str_add(&text, "}}");
    assert_int_equal(execute(wh_str_c(&text), false, &out, &err), -1);
    expect_err("parentheses", &err, "nested too deeply");
}

static void headings_are_left_alone(void **state)
{
    wh_auto_str out = {0};
    wh_auto_err err = {0};
    assert_int_equal(execute("{{json .State}} {{upper .State}} {{truncate .State 2}}", true, &out, &err), 0);
    expect_str("heading", wh_str_c(&out), "running running running");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_print),
        cmocka_unit_test(mistakes_are_refused),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(headings_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
