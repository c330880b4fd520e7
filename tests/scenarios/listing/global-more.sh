# global flags: --parallel, --profile several and '*', --env-file several, --compatibility names, --all-resources, order of flags.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000, environment: {X: "${X:-none}", Y: "${Y:-none}"}}
  b: {image: busybox, network_mode: none, init: true, command: sleep 1000, profiles: [one]}
  d: {image: busybox, network_mode: none, init: true, command: sleep 1000, profiles: [two, three]}
Y
echo X=1 > x.env; printf 'X=2\nY=2\n' > y.env
s() { c "$@" config --services | sort | tr '\n' ' '; echo; }
s --profile one; s --profile one --profile three; s --profile '*'
COMPOSE_PROFILES=one,two s; COMPOSE_PROFILES='*' s; COMPOSE_PROFILES=one s --profile two
v() { c "$@" config --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["services"]["a"]["environment"])'; }
v; v --env-file x.env; v --env-file x.env --env-file y.env; v --env-file y.env --env-file x.env; COMPOSE_ENV_FILES=x.env,y.env v
try c --env-file nosuch.env config -q; says "couldn't find env file"
try c --parallel 1 up -d; steps < err
try c --parallel 0 up -d; tail -n 1 err
try c --parallel x up -d; says "invalid argument"
try c --profile one --profile two up -d; steps < err
try c down; steps < err; state
try c --profile '*' down; steps < err
c --compatibility up -d 2>err; steps < err
c --compatibility ps --format '{{.Name}}'
c --compatibility down 2>err; steps < err
try c --project-directory nosuch -f compose.yaml config -q; cat err
try c -f compose.yaml -f nosuch.yaml ps; says "no such file or directory"
