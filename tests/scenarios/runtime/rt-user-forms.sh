# runtime: user, group_add by name and number, supplementary groups, HOME, read_only with tmpfs, working_dir made, umask.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, command: sleep 1000}
services:
  a: {<<: *s, user: app, group_add: [staff, "1234"]}
  b: {<<: *s, user: "1000:50"}
  d: {<<: *s, user: "4321", group_add: [nogroup]}
  e: {<<: *s, user: "app:staff", working_dir: /made/by/us, read_only: false}
  r: {<<: *s, read_only: true, tmpfs: ["/t:mode=700,size=1m,uid=1000", /run], user: app}
  i: {image: meta, network_mode: none, init: true, command: [sleep, "1000"], working_dir: sub}
Y
try c up -d a b d e r; 
for s in a b d e r; do echo "$s: $(inside $s 'echo $(id -u) $(id -g) [$(id -G)] $HOME $PWD; umask')"; done
inside e 'stat -c "%a %u:%g" /made /made/by/us'
inside r 'touch /x 2>/dev/null || echo ro; touch /t/x && echo t; stat -c "%a %u:%g" /t /run; touch /run/x 2>/dev/null && echo run; grep -c " / .*ro" /proc/mounts'
try c up -d i; tail -n 1 err | grep -c absolute
for u in nosuch:app app:nosuch 'a b' '-1' 99999999999; do sed "s/user: app, group_add.*/user: \"$u\"}/" compose.yaml > u.yaml; try c -f u.yaml up -d a; done
sed 's/group_add: \[staff.*/group_add: [nosuchgroup]}/' compose.yaml > u.yaml; try c -f u.yaml up -d a
