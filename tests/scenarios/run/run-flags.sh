# run: -l, --cap-add/--cap-drop, -e, --env-from-file, -w, -u, -v, --name, --entrypoint, --quiet, -q; what the one-off looks like.
cat > compose.yaml <<'Y'
services:
  a: {image: meta, network_mode: none, command: [echo, svc], environment: {A: file}, labels: {own: "1"}, cap_drop: [ALL]}
Y
cap='grep CapEff /proc/self/status | tr -d "\t"'
q run --rm -T -u root a sh -c "$cap"
q run --rm -T -u root --cap-add NET_RAW --cap-add chown a sh -c "$cap"
q run --rm -T --entrypoint 'sh -c' a 'echo $A $COLOR $0' zero
printf 'A=fromfile\nB=two words\nC="quoted"\n' > r.env
q run --rm -T --env-from-file r.env --entrypoint env a | grep -E '^[ABC]=' | sort
q run --rm -T --env-from-file r.env -e A=flag --entrypoint env a | grep -E '^[AB]=' | sort
try c run --rm -T --env-from-file nosuch.env a; says "nosuch.env"
q run -d --name run-flags-x -l one=1 -l own=2 -l two=b=c a sleep 1000 >/dev/null
c ps -a --format json | python3 -c 'import json, sys
o = json.loads(sys.stdin.read()); l = dict(x.split("=", 1) for x in o["Labels"].split(",") if "=" in x)
print(o["Name"], o["State"], {k: v for k, v in sorted(l.items()) if k in ("one", "own", "two", "com.docker.compose.oneoff", "com.docker.compose.container-number", "com.docker.compose.service")})'
try c run -d --name run-flags-x a; says "is already in use"
try c run --rm -T -w /tmp -u 1234:50 --entrypoint sh a -c 'pwd; id -u; id -g; touch x 2>/dev/null && echo wrote'
try c run --rm -T --quiet a echo hi; cat err
try c run --rm -T -q a echo hi; cat err
try c run --rm -T --no-such a; head -n 1 err
try c run --rm -T --name 'bad name' a; says 'Invalid container name (bad name)'
q kill
