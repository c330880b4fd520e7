# runtime: cap_add, cap_drop spellings, ALL both ways, unknown ones, security_opt, what the bounding set has.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, command: sleep 1000}
services:
  a: {<<: *s, cap_drop: [all], cap_add: [CAP_CHOWN, net_bind_service]}
  b: {<<: *s, cap_drop: [MKNOD, cap_net_raw]}
  d: {<<: *s, security_opt: ["no-new-privileges:true", "apparmor=unconfined"]}
  e: {<<: *s, security_opt: ["seccomp=unconfined", "label=disable"]}
  bad: {<<: *s, cap_add: [NOSUCH]}
  bad2: {<<: *s, security_opt: ["nosuch=1"]}
  bad3: {<<: *s, security_opt: ["no-new-privileges:maybe"]}
Y
try c up -d a b d e
for s in a b d e; do echo "$s: $(inside $s 'grep -E "Cap(Eff|Bnd|Amb)|NoNewPrivs|Seccomp:" /proc/1/status | tr -d "\t" | tr "\n" " "')"; done
for s in bad bad2 bad3; do try c up -d $s; state $s; done
says 'no-new-privileges'
